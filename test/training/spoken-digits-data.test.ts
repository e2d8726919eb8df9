import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRandom } from '../../lib/core/random.js';
import { hideParts } from '../../training/hide-parts.js';
import { isTest, isValidation, listRecordings, readSounds } from '../../training/spoken-digits-data.js';
import { varySound } from '../../training/vary-sound.js';
import { wavFile } from '../../training/wav-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelet-spoken-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the recordings', () => {
  test('are known by their names, and divided by their index', () => {
    const file = wavFile(Float32Array.of(0.5, -0.5), 8000);
    for (const name of ['7_theo_4.wav', '0_lucas_5.wav', '1_lucas_8.wav', '2_lucas_9.wav', '3_lucas_44.wav']) {
      writeFileSync(join(folder, name), file);
    }
    writeFileSync(join(folder, 'README.md'), '');
    mkdirSync(join(folder, 'more'));
    const recordings = listRecordings(folder);
    expect(recordings.map(({ digit, speaker, index }) => [digit, speaker, index])).toEqual([
      [0, 'lucas', 5],
      [1, 'lucas', 8],
      [2, 'lucas', 9],
      [3, 'lucas', 44],
      [7, 'theo', 4],
    ]);
    expect(recordings.map((recording) => [isTest(recording), isValidation(recording)])).toEqual([
      [false, true],
      [false, true],
      [false, false],
      [false, false],
      [true, false],
    ]);
    const [first] = readSounds(recordings);
    expect(first).toMatchObject({ digit: 0, sound: { rate: 8000 } });
    expect(first?.sound.samples[0]).toBeCloseTo(0.5, 3);
  });

  test('are asked for where there are none', () => {
    expect(() => listRecordings(folder)).toThrow('--data');
    expect(() => listRecordings(join(folder, 'nowhere'))).toThrow('--data');
  });

  test('that are no WAV files are named', () => {
    writeFileSync(join(folder, '7_theo_4.wav'), 'text');
    expect(() => readSounds(listRecordings(folder))).toThrow(/7_theo_4\.wav: can't be read as a WAV recording/);
  });
});

describe('variations', () => {
  test('are the same for a seed, within their limits, and leave numbers', () => {
    for (let seed = 0; seed < 20; seed++) {
      const [variation, same] = [varySound(createRandom(seed)), varySound(createRandom(seed))];
      const samples = Float32Array.from({ length: 500 }, (_, index) => Math.sin(index / 5));
      const copy = samples.slice();
      variation.disturb(samples);
      same.disturb(copy);
      expect(copy).toEqual(samples);
      expect([same.speed, same.shift]).toEqual([variation.speed, variation.shift]);
      expect(samples.every(Number.isFinite)).toBe(true);
      expect(Math.abs(Math.log(variation.speed))).toBeLessThanOrEqual(Math.log(1.25));
      const silence = new Float32Array(500);
      variation.disturb(silence);
      expect(silence.every((value) => value === 0)).toBe(true);
    }
  });

  test('hide whole frames and bands, and never all', () => {
    const random = createRandom(6);
    for (let round = 0; round < 50; round++) {
      const features = new Float32Array(64 * 32).fill(1);
      hideParts(features, [64, 32], random);
      const left = features.reduce((sum, value) => sum + value, 0);
      const frames = Array.from({ length: 64 }, (_, row) => features.subarray(row * 32, row * 32 + 32).some(Boolean));
      const bands = Array.from({ length: 32 }, (_, band) => frames.some((_, row) => features[row * 32 + band] !== 0));
      const kept = (flags: boolean[]) => flags.filter(Boolean).length;
      expect(left).toBe(kept(frames) * kept(bands));
      expect(left).toBeGreaterThanOrEqual(56 * 27);
    }
  });
});
