/** What a WAV file of the tests says of itself; fields may lie. */
export interface WavHeader {
  readonly bits?: number;
  readonly channels?: number;
  readonly rate?: number;
  /** 1 PCM, 3 float, others compressed. */
  readonly tag?: number;
  readonly extensible?: boolean;
  readonly align?: number;
}

const guidTail = Buffer.from('000000001000800000aa00389b71', 'hex');

/** A chunk with its filling byte; `size` may lie. */
export function chunk(id: string, data: Uint8Array, size = data.length): Buffer {
  const head = Buffer.from(`${id}\0\0\0\0`, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

export function riff(...chunks: readonly Uint8Array[]): Buffer {
  const head = Buffer.from('RIFF\0\0\0\0WAVE', 'latin1');
  const body = Buffer.concat(chunks);
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}

export function format(header: WavHeader = {}): Buffer {
  const { bits = 16, channels = 1, rate = 8000, tag = 1, extensible = false } = header;
  const align = header.align ?? (channels * bits) / 8;
  const data = Buffer.alloc(extensible ? 40 : 16);
  data.writeUInt16LE(extensible ? 0xfffe : tag, 0);
  data.writeUInt16LE(channels, 2);
  data.writeUInt32LE(rate, 4);
  data.writeUInt32LE(rate * align, 8);
  data.writeUInt16LE(align, 12);
  data.writeUInt16LE(bits, 14);
  if (extensible) {
    data.writeUInt16LE(22, 16);
    data.writeUInt16LE(bits, 18);
    data.writeUInt16LE(tag, 24);
    guidTail.copy(data, 26);
  }
  return chunk('fmt ', data);
}

/** Numbers in −1…1 as a WAV file keeps them, channels interleaved. */
export function wavFile(values: ArrayLike<number>, header: WavHeader = {}): Buffer {
  const { bits = 16, tag = 1 } = header;
  const bytes = bits / 8;
  const data = Buffer.alloc(values.length * bytes);
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    const at = index * bytes;
    if (tag === 3) bits === 32 ? data.writeFloatLE(value, at) : data.writeDoubleLE(value, at);
    else if (bits === 8) data.writeUInt8(Math.min(255, Math.round(value * 128) + 128), at);
    else data.writeIntLE(Math.min(2 ** (bits - 1) - 1, Math.round(value * 2 ** (bits - 1))), at, bytes);
  }
  return riff(format(header), chunk('data', data));
}

/** A tone of one frequency, in −0.5…0.5. */
export function tone(hertz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / rate),
  );
}
