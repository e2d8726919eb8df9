/** How a WAV file's samples are written. */
export interface WavFormat {
  readonly kind: 'integer' | 'float';
  readonly bits: number;
  readonly channels: number;
  /** Samples a second of each channel. */
  readonly rate: number;
}

const rates = { least: 8000, most: 48_000 };
const mostChannels = 2;

/** Format tags as in mmreg.h. An extensible format has its tag in the first two bytes of a GUID, whose rest is always this. */
const tags = { pcm: 1, float: 3, extensible: 0xfffe };
const guidTail = '000000001000800000aa00389b71';
const codecs: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  6: 'A-law',
  7: 'µ-law',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG',
  85: 'MP3',
};

/** Sample sizes in bits that are read. */
const depths = { integer: [8, 16, 24, 32], float: [32, 64] } as const;

/**
 * Reads the chunk `fmt `.
 * @throws Error saying what is wrong, and what is taken
 */
export function readFormat(data: Uint8Array): WavFormat {
  if (data.length < 16) throw new Error(`its format chunk has ${data.length} bytes, 16 at least are expected`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const written = view.getUint16(0, true);
  const tag = written === tags.extensible ? subformat(data, view) : written;
  const kind = tag === tags.pcm ? 'integer' : tag === tags.float ? 'float' : undefined;
  if (kind === undefined) {
    const name = codecs[tag] ?? `format ${tag}`;
    throw new Error(`it is compressed or of another kind (${name}); send uncompressed PCM or float samples`);
  }
  const [channels, rate] = [view.getUint16(2, true), view.getUint32(4, true)];
  const [align, bits] = [view.getUint16(12, true), view.getUint16(14, true)];
  if (!(depths[kind] as readonly number[]).includes(bits)) {
    throw new Error(`its ${kind} samples have ${bits} bits; ${depths[kind].join(', ')} are read`);
  }
  if (channels < 1 || channels > mostChannels) throw new Error(`it has ${channels} channels; send one or two`);
  if (rate < rates.least || rate > rates.most) {
    throw new Error(`it has ${rate} samples a second; send ${rates.least} to ${rates.most}`);
  }
  if (align !== (channels * bits) / 8) {
    throw new Error(`it says ${align} bytes a frame, ${channels} × ${bits} bits make ${(channels * bits) / 8}`);
  }
  return { kind, bits, channels, rate };
}

function subformat(data: Uint8Array, view: DataView): number {
  const tail = Buffer.from(data.subarray(26, 40)).toString('hex');
  if (data.length < 40 || tail !== guidTail) throw new Error('its extensible format is none that is known');
  return view.getUint16(24, true);
}
