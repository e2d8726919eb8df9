import { describe, expect, test } from '@jest/globals';
import { createBatchSizes } from '../../lib/batch/batch-sizes.js';

/** Where it settles for a model whose passes take so long. */
function settled(msOf: (count: number) => number): number {
  const sizes = createBatchSizes();
  for (let pass = 0; pass < 100; pass++) sizes.took(sizes.size, msOf(sizes.size));
  return sizes.size;
}

describe('the size of a pass', () => {
  test.each([
    ['each record costs the same', (count: number) => count, 1],
    ['a pass costs much, a record little', (count: number) => 10 + 0.001 * count, 64],
    ['more than 16 are slower', (count: number) => (count > 16 ? 3 * count : 1 + count), 16],
    ['a pass takes a second', (count: number) => 800 + 100 * count, 4],
    ['one size is slow by chance', (count: number) => (count === 4 ? 50 : 10 + 0.1 * count), 64],
  ])('%s', (_, msOf, size) => {
    expect(settled(msOf)).toBe(size);
  });

  test('one slow pass of three does not count; what is not a whole pass is not measured', () => {
    const sizes = createBatchSizes();
    for (const ms of [9, 1, 30]) sizes.took(1, ms);
    sizes.took(1, 0.001);
    expect(sizes.size).toBe(2);
    for (const ms of [20, 1, 1]) sizes.took(2, ms);
    expect(sizes.size).toBe(4);
  });

  test('memory that runs out halves it for good', () => {
    const sizes = createBatchSizes();
    for (let pass = 0; pass < 9; pass++) sizes.took(sizes.size, 1);
    expect(sizes.size).toBe(8);
    sizes.tooLarge();
    for (let pass = 0; pass < 9; pass++) sizes.took(sizes.size, 1e-6);
    expect(sizes.size).toBe(4);
  });
});
