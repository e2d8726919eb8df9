import { describe, expect, test } from '@jest/globals';
import { findSpeech } from '../../../lib/tasks/audio/find-speech.js';
import { tone } from './wav-file.js';

const rate = 8000;

/** Seconds of near silence with words of 0.4 s at given moments, each as loud as given. */
function sound(seconds: number, ...words: readonly (readonly [at: number, level: number])[]): Float32Array {
  const samples = Float32Array.from({ length: rate * seconds }, (_, index) => 0.001 * Math.sin(index * 2.5));
  for (const [at, level] of words)
    samples.set(
      tone(300, rate, 0.4).map((value) => value * level),
      at * rate,
    );
  return samples;
}

describe('the window', () => {
  test.each([0.3, 1.7, 5, 9.2])('lies around a word that begins at %d s', (at) => {
    const start = findSpeech(sound(10, [at, 1]), rate, rate) / rate;
    expect(start).toBeCloseTo(Math.max(0, at + 0.2 - 0.5), 1);
  });

  test('takes the louder of two words, and no click', () => {
    const samples = sound(10, [2, 0.5], [7, 1]);
    samples.fill(1, 4 * rate, 4 * rate + 10);
    expect(findSpeech(samples, rate, rate) / rate).toBeCloseTo(6.7, 1);
  });

  test('stays inside a longer sound, and holds all of a shorter one', () => {
    expect(findSpeech(sound(3, [2.6, 1]), rate, rate)).toBe(2 * rate);
    for (const at of [0, 0.2, 0.4]) {
      const start = findSpeech(sound(0.8, [at, 1]), rate, rate);
      expect(start).toBeLessThanOrEqual(0);
      expect(start + rate).toBeGreaterThanOrEqual(0.8 * rate);
    }
  });

  test.each([1, 7, 80, 8000, 8001, 30 * 8000])('is somewhere in %d samples of silence', (length) => {
    const start = findSpeech(new Float32Array(length), rate, 8320);
    expect(start >= Math.min(0, length - 8320) && start <= Math.max(0, length - 8320)).toBe(true);
  });
});
