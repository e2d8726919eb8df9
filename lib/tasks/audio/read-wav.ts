import { invalidInput } from '../../core/errors.js';
import type { Sound } from './prepare-sound.js';
import { readChunks } from './riff.js';
import { readFormat, type WavFormat } from './wav-format.js';

/** Longer sounds are refused, in seconds. */
export const longestSound = 30;

/** A float sample may lie over full scale, as mixing desks write it; what is over this is no sound. */
const largestSample = 1e6;

/**
 * Reads a WAV file: integers of 8, 16, 24 and 32 bits, floats of 32 and 64, plain or extensible, 8 to 48 kHz. Two channels are
 * averaged, and what is constant in the sound is taken away.
 * @throws INVALID_INPUT for anything else, and over 30 s
 */
export function readWav(bytes: Uint8Array, field: string): Sound {
  try {
    const chunks = readChunks(bytes);
    const format = chunks.find(({ id }) => id === 'fmt ')?.data;
    const data = chunks.find(({ id }) => id === 'data')?.data;
    if (format === undefined || data === undefined) {
      throw new Error(`it has no ${format === undefined ? 'format' : 'data'} chunk`);
    }
    return decode(readFormat(format), data);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const todo = reason.includes('; ') ? '' : `; send uncompressed PCM or float samples, ${longestSound} s at most`;
    throw invalidInput(field, `can't be read as a WAV recording: ${reason}${todo}`);
  }
}

function decode(format: WavFormat, data: Uint8Array): Sound {
  const { channels, rate, bits } = format;
  const frameBytes = (channels * bits) / 8;
  const count = data.length / frameBytes;
  if (count === 0) throw new Error('it has no samples');
  if (!Number.isInteger(count)) throw new Error(`its data is cut off inside a frame of ${frameBytes} bytes`);
  if (count > longestSound * rate) {
    throw new Error(
      `it is ${(Math.ceil((100 * count) / rate) / 100).toFixed(2)} s long; send ${longestSound} s at most`,
    );
  }
  const sample = sampleReader(format, data);
  const samples = new Float32Array(count);
  let sum = 0;
  for (let index = 0; index < count; index++) {
    let value = 0;
    for (let channel = 0; channel < channels; channel++) value += sample(index * channels + channel);
    // Also false for NaN.
    if (!(Math.abs(value) <= largestSample)) throw new Error(`sample ${index} is no finite sound (NaN, or too large)`);
    samples[index] = value / channels;
    sum += value / channels;
  }
  const mean = sum / count;
  return { rate, samples: samples.map((value) => value - mean) };
}

/** The n-th number of the data, −1…1 for integers. 8 bits are unsigned, the others signed and little-endian. */
function sampleReader({ kind, bits }: WavFormat, data: Uint8Array): (index: number) => number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (kind === 'float') {
    return bits === 32 ? (index) => view.getFloat32(4 * index, true) : (index) => view.getFloat64(8 * index, true);
  }
  switch (bits) {
    case 8:
      return (index) => (view.getUint8(index) - 128) / 2 ** 7;
    case 16:
      return (index) => view.getInt16(2 * index, true) / 2 ** 15;
    case 24:
      return (index) => (view.getUint16(3 * index, true) + view.getInt8(3 * index + 2) * 2 ** 16) / 2 ** 23;
    default:
      return (index) => view.getInt32(4 * index, true) / 2 ** 31;
  }
}
