import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ModeletError } from '../../../lib/core/errors.js';
import { readWav } from '../../../lib/tasks/audio/read-wav.js';
import { chunk, format, riff, type WavHeader, wavFile } from './wav-file.js';

/** Sums to zero, so that nothing constant is taken away; exact in 8 bits. */
const values = [0.5, -0.5, 0.25, -0.25, 0, 0.75, -0.75, 0];

function refusal(bytes: Uint8Array): string {
  try {
    readWav(bytes, 'body');
  } catch (error) {
    if (error instanceof ModeletError && error.code === 'INVALID_INPUT') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('samples', () => {
  test.each<WavHeader>([
    { bits: 8 },
    { bits: 16 },
    { bits: 24 },
    { bits: 32 },
    { bits: 32, tag: 3 },
    { bits: 64, tag: 3 },
    { bits: 16, extensible: true },
    { bits: 24, extensible: true },
    { bits: 32, tag: 3, extensible: true },
  ])('of %j are read as they were written', (header) => {
    const { rate, samples } = readWav(wavFile(values, { ...header, rate: 44_100 }), 'body');
    expect({ rate, samples: [...samples] }).toEqual({ rate: 44_100, samples: values });
  });

  test('of two channels are averaged', () => {
    const { samples } = readWav(wavFile([0.5, 0, -0.5, 0, 0.25, 0.25, -0.25, -0.25], { channels: 2 }), 'body');
    expect([...samples]).toEqual([0.25, -0.25, 0.25, -0.25]);
  });

  test('lose what is constant in them, and a constant sound is silence', () => {
    expect([...readWav(wavFile([0.5, 0.25, 0.5, 0.25]), 'body').samples]).toEqual([0.125, -0.125, 0.125, -0.125]);
    expect([...readWav(wavFile([0.3, 0.3, 0.3]), 'body').samples].every((value) => Math.abs(value) < 1e-9)).toBe(true);
  });

  test('are found behind other chunks, odd ones too, and with a last byte that fills or not', () => {
    const others = [chunk('LIST', Buffer.from('INFOodd')), format({ bits: 8 }), chunk('fact', Buffer.alloc(4))];
    const file = riff(...others, chunk('data', Buffer.of(160, 128, 96)));
    expect([...readWav(file, 'body').samples]).toEqual([0.25, 0, -0.25]);
    expect([...readWav(file.subarray(0, -1), 'body').samples]).toEqual([0.25, 0, -0.25]);
  });

  test('are read wherever the bytes lie in their buffer', () => {
    const file = wavFile(values);
    const moved = new Uint8Array(file.length + 3);
    moved.set(file, 3);
    expect([...readWav(moved.subarray(3), 'body').samples]).toEqual(values);
  });
});

describe('a file is refused', () => {
  const cut = (bytes: Buffer, by: number) => bytes.subarray(0, bytes.length - by);
  const data = chunk('data', Buffer.alloc(4));
  const long = wavFile(new Float32Array(8000 * 30 + 1));
  const streamed = wavFile(values);
  streamed.writeUInt32LE(0xffffffff, 4);
  const greedy = riff(format(), chunk('data', Buffer.alloc(4), 0xffffffff));
  test.each<[string, Buffer, RegExp]>([
    ['empty', Buffer.alloc(0), /no RIFF\/WAVE header/],
    ['that is a PNG', Buffer.from('\x89PNG\r\n\x1a\n0000000000', 'latin1'), /no RIFF\/WAVE header/],
    ['that is big-endian', Buffer.from('RIFX\0\0\0\0WAVE'), /no RIFF\/WAVE header/],
    ['cut off', cut(wavFile(values), 4), /its header says 60 bytes, the file has 56; send the whole file/],
    ['with bytes behind its end', Buffer.concat([wavFile(values), Buffer.alloc(9)]), /says 60 bytes, the file has 69/],
    ['whose size was never written', streamed, /says 4294967303 bytes/],
    ['whose data lies about its size', greedy, /'data' says 4294967295 bytes, 4 are left/],
    ['with a name that is none', riff(format(), chunk('\x01<\xff>', Buffer.alloc(2), 99)), /'\?<\?>' says 99 bytes/],
    ['with a thousand chunks', riff(...new Array(1001).fill(chunk('JUNK', Buffer.alloc(0)))), /more than 1000 chunks/],
    ['without a format', riff(data), /no format chunk/],
    ['without data', riff(format()), /no data chunk/],
    ['without samples', wavFile([]), /no samples/],
    ['with half a sample', riff(format(), chunk('data', Buffer.alloc(3))), /cut off inside a frame of 2 bytes/],
    ['with a short format', riff(chunk('fmt ', Buffer.alloc(14)), data), /14 bytes, 16 at least/],
    ['in ADPCM', wavFile(values, { tag: 0x11 }), /IMA ADPCM\); send uncompressed PCM/],
    ['in A-law', wavFile(values, { tag: 6, bits: 8 }), /A-law/],
    ['in MP3', wavFile(values, { tag: 0x55, extensible: true }), /MP3/],
    ['in no format', wavFile(values, { tag: 999 }), /format 999/],
    ['of 12 bits', riff(format({ bits: 12, align: 2 }), data), /integer samples have 12 bits; 8, 16, 24, 32 are read/],
    ['of 16-bit floats', riff(format({ tag: 3 }), data), /float samples have 16 bits; 32, 64 are read/],
    ['without channels', wavFile(values, { channels: 0 }), /0 channels; send one or two/],
    ['of six channels', wavFile(values, { channels: 6 }), /6 channels/],
    ['of 4 kHz', wavFile(values, { rate: 4000 }), /4000 samples a second; send 8000 to 48000/],
    ['of 96 kHz', wavFile(values, { rate: 96_000 }), /96000 samples a second/],
    ['whose frames have another size', wavFile(values, { align: 4 }), /says 4 bytes a frame, 1 × 16 bits make 2/],
    ['of more than 30 s', long, /30\.01 s long; send 30 s at most/],
    ['with NaN', wavFile([0, Number.NaN], { bits: 32, tag: 3 }), /sample 1 is no finite sound/],
    ['with infinity', wavFile([Number.NEGATIVE_INFINITY], { bits: 64, tag: 3 }), /sample 0 is no finite sound/],
    ['with a number that is no sound', wavFile([1e300], { bits: 64, tag: 3 }), /sample 0 is no finite sound/],
  ])('%s', (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
    expect(refusal(bytes)).toMatch(/^body: can't be read as a WAV recording: .*; send |; .* are read$/);
  });
});

describe('damaged files', () => {
  const good = wavFile(
    Float32Array.from({ length: 200 }, (_, index) => Math.sin(index) / 2),
    { extensible: true },
  );

  /** Either INVALID_INPUT, or finite samples. */
  const holds = (bytes: Uint8Array): void => {
    if (refusal(bytes) !== 'accepted') return;
    const { samples } = readWav(bytes, 'body');
    expect(samples.length > 0 && samples.every(Number.isFinite)).toBe(true);
  };

  test('with one byte changed anywhere in the header', () => {
    for (let at = 0; at < 70; at++) {
      for (const value of [0, 1, 3, 127, 128, 255]) {
        const bytes = Uint8Array.from(good);
        bytes[at] = value;
        holds(bytes);
      }
    }
  });

  test('cut at any length', () => {
    for (let length = 0; length < good.length; length++) holds(good.subarray(0, length));
  });

  test('of random chunks and random bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    const part = fc.tuple(fc.constantFrom('fmt ', 'data', 'LIST', 'RIFF', '\0\0\0\0'), bytes, fc.option(fc.nat()));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), bytes, (parts, tail) => {
        holds(riff(...parts.map(([id, data, size]) => chunk(id, data, size ?? data.length)), tail));
        holds(riff(format({ tag: 3, bits: 32 }), chunk('data', tail)));
        holds(tail);
      }),
      { numRuns: 300 },
    );
  });
});
