import { describe, expect, test } from '@jest/globals';
import { createRandom, permutation } from '../../lib/core/random.js';
import { distort } from '../../training/distort.js';

const side = 28;
/** A filled square of 8 × 8 in the middle. */
const square = Float32Array.from({ length: side * side }, (_, index) => {
  const [x, y] = [index % side, Math.floor(index / side)];
  return x >= 10 && x < 18 && y >= 10 && y < 18 ? 1 : 0;
});

function distorted(random: () => number): Float32Array {
  const target = new Float32Array(side * side);
  distort(square, side, random, target);
  return target;
}

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

describe('distorted copies', () => {
  test('are the image itself when nothing is changed', () => {
    expect(distorted(() => 0.5)).toEqual(square);
  });

  test('are as the seed says, keep their ink, and stay near the middle', () => {
    expect(distorted(createRandom(3))).toEqual(distorted(createRandom(3)));
    const random = createRandom(4);
    for (let round = 0; round < 100; round++) {
      const copy = distorted(random);
      expect(copy.every((value) => value >= 0 && value <= 1)).toBe(true);
      // ±10 % in each direction: 64 pixels become 53 to 79, a little more with the shear.
      expect(sum(copy)).toBeGreaterThan(50);
      expect(sum(copy)).toBeLessThan(83);
      expect(copy.subarray(0, 4 * side).some((value) => value > 0)).toBe(false);
    }
  });
});

describe('seeded numbers', () => {
  test('lie evenly in [0, 1)', () => {
    const random = createRandom(1);
    const bins = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const bin = Math.floor(random() * 10);
      bins[bin] = (bins[bin] as number) + 1;
    }
    expect(Math.min(...bins)).toBeGreaterThan(900);
  });

  test('shuffle without losing any', () => {
    const order = permutation(1000, createRandom(2));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(1000);
  });
});
