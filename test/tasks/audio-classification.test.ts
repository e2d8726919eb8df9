import { describe, expect, test } from '@jest/globals';
import { ModeletError } from '../../lib/core/errors.js';
import { makeTensor, type Signature } from '../../lib/core/tensor.js';
import { audioClassification } from '../../lib/tasks/audio-classification.js';
import { tone, type WavHeader, wavFile } from './audio/wav-file.js';

const options = { labels: ['low', 'high'], sampleRate: 8000, frame: 256, hop: 128, low: 80, high: 3700, range: 60 };

function signature(shape: readonly number[], datatype: 'FP32' | 'INT32' = 'FP32', classes = 2): Signature {
  return {
    inputs: [{ name: 'sound', datatype, shape }],
    outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, classes] }],
  };
}

/** 20 frames of 32 bands: 2688 samples at 8 kHz, 0.336 s. */
const task = audioClassification.bind(options, signature([-1, 20, 32, 1]));

function features(bytes: Uint8Array): Float32Array {
  const sound = task.preprocess({ kind: 'file', bytes }, 'body').get('sound');
  expect(sound).toMatchObject({ datatype: 'FP32', shape: [20, 32, 1] });
  return sound?.data as Float32Array;
}

const answer = (bytes: Uint8Array) =>
  task.postprocess(new Map([['scores', makeTensor('FP32', [2], Float32Array.of(0.25, 0.75))]]), {
    kind: 'file',
    bytes,
  });

describe('a sound becomes features', () => {
  const plain = features(wavFile(tone(800, 8000, 0.5)));

  test.each<[WavHeader]>([
    [{ rate: 8000, bits: 24 }],
    [{ rate: 16_000 }],
    [{ rate: 44_100 }],
    [{ rate: 48_000, bits: 32, tag: 3, extensible: true }],
    [{ rate: 22_050, bits: 64, tag: 3 }],
  ])('that are the same from %j', (header) => {
    const other = features(wavFile(tone(800, header.rate as number, 0.5), header));
    // The quiet bands hold what rounding and filters leave, 50 dB down.
    const loud = plain.map((value, index) => (value > 0.5 ? Math.abs(value - (other[index] as number)) : 0));
    expect(Math.max(...loud)).toBeLessThan(0.03);
  });

  test('from stereo as from mono', () => {
    const mono = tone(800, 8000, 0.5);
    const both = Float32Array.from({ length: 2 * mono.length }, (_, index) => mono[index >> 1] as number);
    expect(features(wavFile(both, { channels: 2 }))).toEqual(plain);
  });

  test.each([
    ['one sample', [0.5]],
    ['silence', new Float32Array(8000)],
    ['a constant', new Float32Array(8000).fill(0.7)],
    ['30 s of silence', new Float32Array(240_000)],
  ])('also from %s: numbers in 0…1', (_, values) => {
    expect(features(wavFile(values)).every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('of its loudest part, wherever that is', () => {
    const samples = new Float32Array(8000 * 5);
    samples.set(tone(800, 8000, 0.2), 8000 * 4);
    expect(Math.max(...features(wavFile(samples)))).toBe(1);
  });
});

describe('the answer', () => {
  test('has labels, and says which part was heard', () => {
    expect(answer(wavFile(tone(800, 8000, 0.336)))).toEqual({
      label: 'high',
      score: 0.75,
      top: [
        { label: 'high', score: 0.75 },
        { label: 'low', score: 0.25 },
      ],
      window: { start: 0, end: 0.336, of: 0.336 },
    });
    const samples = new Float32Array(16_000 * 5);
    samples.set(tone(800, 16_000, 0.2), 16_000 * 4);
    const { window } = answer(wavFile(samples, { rate: 16_000 })) as { window: Record<string, number> };
    expect(window.start).toBeCloseTo(4.1 - 0.168, 1);
    expect(window).toMatchObject({ of: 5 });
  });

  test('begins before a sound that is shorter than the window', () => {
    const { window } = answer(wavFile(tone(800, 8000, 0.1))) as { window: Record<string, number> };
    expect(window.start).toBeLessThanOrEqual(0);
    expect(window.end).toBeGreaterThanOrEqual(0.1);
  });

  test('is bare where nothing but the outputs is known', () => {
    const outputs = new Map([['scores', makeTensor('FP32', [2], Float32Array.of(1, 0))]]);
    expect(Object.keys(task.postprocess(outputs))).toEqual(['label', 'score', 'top']);
  });
});

test('anything but a file gets the form that would be right', () => {
  expect(() => task.preprocess({ kind: 'fields', value: { audio: 1 } }, 'instances[2]')).toThrow(
    new ModeletError(
      'INVALID_INPUT',
      'instances[2]: expected a WAV file as {"b64": …}, or nested numbers of shape [20, 32, 1]',
    ),
  );
});

describe('a version is refused whose', () => {
  test.each([
    ['options are not there', {}, [-1, 20, 32, 1], /options of task audio-classification@1: labels/],
    ['frame is no power of two', { ...options, frame: 200 }, [-1, 20, 32, 1], /frame: a power of two is expected/],
    ['frame is endless', { ...options, frame: 2 ** 20 }, [-1, 20, 32, 1], /options of task/],
    [
      'bands lie over half the rate',
      { ...options, high: 5000 },
      [-1, 20, 32, 1],
      /80 to 5000 Hz don't lie within 0 to 4000/,
    ],
    ['bands are upside down', { ...options, low: 3700 }, [-1, 20, 32, 1], /don't lie within/],
    ['labels are too few', { ...options, labels: ['one'] }, [-1, 20, 32, 1], /1 labels/],
    ['input is open', options, [-1, -1, 32, 1], /one FP32 input of shape \[batch, frames, bands, 1\]/],
    ['input is an image', options, [-1, 20, 32, 3], /one FP32 input/],
    ['input has no channel', options, [-1, 20, 32], /one FP32 input/],
  ] as const)('%s', (_, given, shape, message) => {
    expect(() => audioClassification.bind(given, signature(shape))).toThrow(message);
  });
});
