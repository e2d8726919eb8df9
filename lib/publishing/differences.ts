import { ModeletError } from '../core/errors.js';
import { fitsShape, formatShape, type Tensors } from '../core/tensor.js';

/** How far an output is from what it should be: the largest |difference|, and the same relative to max(1, |expected|). */
export interface Difference {
  readonly name: string;
  readonly absolute: number;
  readonly relative: number;
}

/** What publish aims at, and what it refuses: relative differences in float32. */
export const aim = 1e-5;
export const limit = 1e-4;

/**
 * Holds outputs against expected ones. A NaN on either side differs infinitely.
 * @throws INVALID_INPUT when an output is missing or has another shape
 */
export function differences(actual: Tensors, expected: Tensors): Difference[] {
  return [...expected].map(([name, { shape, data }]) => {
    const found = actual.get(name);
    if (found === undefined || !fitsShape(shape, found.shape)) {
      const what = found === undefined ? 'is missing' : `has shape ${formatShape(found.shape)}`;
      throw new ModeletError('INVALID_INPUT', `output '${name}' ${what}, expected is ${formatShape(shape)}`);
    }
    let absolute = 0;
    let relative = 0;
    for (let index = 0; index < data.length; index++) {
      const value = data[index] as number;
      const difference = Math.abs((found.data[index] as number) - value);
      if (Number.isNaN(difference)) return { name, absolute: Infinity, relative: Infinity };
      absolute = Math.max(absolute, difference);
      relative = Math.max(relative, difference / Math.max(1, Math.abs(value)));
    }
    return { name, absolute, relative };
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
