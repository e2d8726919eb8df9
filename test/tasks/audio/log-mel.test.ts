import { describe, expect, test } from '@jest/globals';
import { createLogMel, samplesOf } from '../../../lib/tasks/audio/log-mel.js';
import { tone } from './wav-file.js';

const layout = { sampleRate: 8000, frame: 256, hop: 128, bands: 32, low: 80, high: 3700, range: 60 };
const frames = 10;
const logMel = createLogMel(layout);
const count = samplesOf(layout, frames);

/** Each band's centre in hertz, from the definition of the mel scale. */
const centres = Array.from({ length: 32 }, (_, band) => {
  const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
  const at = mel(80) + ((mel(3700) - mel(80)) * (band + 1)) / 33;
  return 700 * (10 ** (at / 2595) - 1);
});

describe('log-mel features', () => {
  test.each([3, 10, 20, 30])('of a tone in band %d are strongest there, in every frame', (band) => {
    const features = logMel(tone(centres[band] as number, 8000, 1).subarray(0, count));
    for (let frame = 0; frame < frames; frame++) {
      const row = features.subarray(frame * 32, frame * 32 + 32);
      expect(row.indexOf(Math.max(...row))).toBe(band);
    }
    expect(Math.max(...features)).toBe(1);
  });

  test('are what the definition says, spelled out: a Fourier sum, no library', () => {
    const samples = Float32Array.from({ length: count }, (_, index) => Math.sin(index * index * 0.001) * 0.3);
    const features = logMel(samples);
    const power = (frame: number, bin: number): number => {
      let [re, im] = [0, 0];
      for (let n = 0; n < 256; n++) {
        const value = (samples[frame * 128 + n] as number) * Math.sin((Math.PI * (n + 0.5)) / 256) ** 2;
        re += value * Math.cos((2 * Math.PI * bin * n) / 256);
        im += value * Math.sin((2 * Math.PI * bin * n) / 256);
      }
      return re * re + im * im;
    };
    const edges = [80, ...centres, 3700];
    const energy = (frame: number, band: number): number => {
      const [left, centre, right] = edges.slice(band, band + 3) as [number, number, number];
      let sum = 0;
      for (let bin = 0; bin <= 128; bin++) {
        const hertz = bin * 31.25;
        const weight = Math.min((hertz - left) / (centre - left), (right - hertz) / (right - centre));
        if (weight > 0) sum += weight * power(frame, bin);
      }
      return sum;
    };
    const energies = Array.from({ length: frames * 32 }, (_, index) => energy(Math.floor(index / 32), index % 32));
    const loudest = Math.max(...energies);
    energies.forEach((value, index) => {
      const expected = Math.max(0, 1 + (10 * Math.log10(value / loudest)) / 60);
      expect(features[index]).toBeCloseTo(expected, 3);
    });
  });

  test('do not depend on the level, and lie in 0…1', () => {
    const samples = tone(500, 8000, 1).subarray(0, count);
    const loud = logMel(samples.map((value) => value * 1e5));
    const soft = logMel(samples.map((value) => value * 1e-3));
    loud.forEach((value, index) => {
      expect(value).toBeCloseTo(soft[index] as number, 4);
    });
    expect(loud.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('of silence, and of a single step of 64 bits, are numbers', () => {
    expect(logMel(new Float32Array(count)).every((value) => value === 0)).toBe(true);
    const faint = new Float32Array(count).fill(1e-38, 100, 101);
    expect(logMel(faint).every((value) => value === 0)).toBe(true);
  });
});
