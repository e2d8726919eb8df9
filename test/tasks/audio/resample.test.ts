import { describe, expect, test } from '@jest/globals';
import { resample } from '../../../lib/tasks/audio/resample.js';
import { tone } from './wav-file.js';

/** The largest value away from the ends, where the filter looks into the silence around. */
const level = (samples: Float32Array): number =>
  samples.subarray(200, -200).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe('a sound at another rate', () => {
  test.each([8000, 11_025, 16_000, 22_050, 44_100, 48_000])('from %d to 8000 is the same tone', (rate) => {
    const output = resample(tone(440, rate, 0.5), { start: 0, step: rate / 8000, count: 4000 });
    const expected = tone(440, 8000, 0.5);
    const wrong = output.map((value, index) => value - (expected[index] as number));
    expect(level(wrong)).toBeLessThan(0.001);
  });

  test.each([
    [48_000, 5000],
    [44_100, 7600],
    [16_000, 4400],
    [48_000, 20_000],
  ])('of %d loses a tone of %d Hz, which 8000 can not hold: it is not folded back', (rate, hertz) => {
    expect(level(resample(tone(hertz, rate, 0.5), { start: 0, step: rate / 8000, count: 4000 }))).toBeLessThan(0.001);
  });

  test('keeps a tone near the end of the band', () => {
    const kept = (hertz: number) => level(resample(tone(hertz, 48_000, 0.5), { start: 0, step: 6, count: 4000 }));
    expect(kept(3100)).toBeCloseTo(0.5, 2);
    expect(kept(3400)).toBeGreaterThan(0.47);
  });

  test('may begin before the sound and end behind it, in silence', () => {
    const output = resample(Float32Array.of(1), { start: -100, step: 1, count: 200 });
    expect([output[0], output[199]]).toEqual([0, 0]);
    expect(output[100]).toBeCloseTo(0.94, 5);
  });
});
