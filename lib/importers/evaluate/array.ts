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

/** @throws RangeError when data and shape disagree */
export function ndArray(shape: readonly number[], data: Float64Array = new Float64Array(elementCount(shape))): NdArray {
  if (data.length !== elementCount(shape)) throw new RangeError(`[${shape}] can't hold ${data.length} numbers`);
  return { shape, data };
}
