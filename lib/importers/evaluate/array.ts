import { ModeletError } from '../../core/errors.js';
import { elementCount } from '../../core/tensor.js';

/** A tensor of the evaluator: float64 whatever the datatype, row-major; true is 1. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  /**
   * Keras' mask, [batch, time], 0 where a step doesn't count. A layer function that sets it (also to undefined, by
   * leaving it out of a new array) decides; see `evaluate.ts` for layers which merely pass it on.
   */
  readonly mask?: NdArray | undefined;
}

/** 1 GiB in float64: no layer of a model that a function can serve makes more from a few examples. */
const mostElements = 2 ** 27;

/** @throws RangeError when data and shape disagree */
export function ndArray(shape: readonly number[], data: Float64Array = zeros(shape)): NdArray {
  if (data.length !== elementCount(shape)) throw new RangeError(`[${shape}] can't hold ${data.length} numbers`);
  return { shape, data };
}

/**
 * Numbers for a shape, all 0.
 * @throws ModeletError INVALID_INPUT where settings from a file would ask for more memory than anyone has
 */
export function zeros(shape: readonly number[]): Float64Array {
  const count = elementCount(shape);
  if (!(count <= mostElements)) {
    throw new ModeletError(
      'INVALID_INPUT',
      `a layer's output of shape [${shape}] is too large; make the model smaller`,
    );
  }
  return new Float64Array(count);
}
