import { type LargestDifference, largestDifference } from '../core/difference.js';
import { ModeletError } from '../core/errors.js';
import { fitsShape, formatShape, type Tensors } from '../core/tensor.js';

/** How far an output is from what it should be. */
export interface Difference extends LargestDifference {
  readonly name: string;
}

/** What publish aims at, and what it refuses: relative differences in float32. */
export const aim = 1e-5;
export const limit = 1e-4;

/**
 * Holds outputs against expected ones. A NaN on either side differs infinitely.
 * @throws INVALID_INPUT when an output is missing or has another shape
 */
export function differences(actual: Tensors, expected: Tensors): Difference[] {
  return [...expected].map(([name, wanted]) => {
    const found = actual.get(name);
    if (found === undefined || !fitsShape(wanted.shape, found.shape)) {
      const what = found === undefined ? 'is missing' : `has shape ${formatShape(found.shape)}`;
      throw new ModeletError('INVALID_INPUT', `output '${name}' ${what}, expected is ${formatShape(wanted.shape)}`);
    }
    return { name, ...largestDifference(found, wanted) };
  });
}

/** The larger of the two for each output. */
export function worst(a: readonly Difference[], b: readonly Difference[]): Difference[] {
  return a.map((one, index) => {
    const other = b[index] ?? one;
    return {
      name: one.name,
      absolute: Math.max(one.absolute, other.absolute),
      relative: Math.max(one.relative, other.relative),
    };
  });
}
