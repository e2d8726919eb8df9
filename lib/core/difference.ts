import type { Tensor } from './tensor.js';

/** How far numbers are from what they should be: the largest |difference|, and the same relative to max(1, |expected|). */
export interface LargestDifference {
  readonly absolute: number;
  readonly relative: number;
}

/** Of two tensors of one shape. A NaN on either side differs infinitely. */
export function largestDifference(actual: Tensor, expected: Tensor): LargestDifference {
  let absolute = 0;
  let relative = 0;
  for (let index = 0; index < expected.data.length; index++) {
    const value = expected.data[index] as number;
    const difference = Math.abs((actual.data[index] as number) - value);
    if (Number.isNaN(difference)) return { absolute: Number.POSITIVE_INFINITY, relative: Number.POSITIVE_INFINITY };
    absolute = Math.max(absolute, difference);
    relative = Math.max(relative, difference / Math.max(1, Math.abs(value)));
  }
  return { absolute, relative };
}
