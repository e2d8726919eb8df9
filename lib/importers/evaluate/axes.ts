import { ModeletError } from '../../core/errors.js';
import { elementCount } from '../../core/tensor.js';
import { type NdArray, ndArray, zeros } from './array.js';

/** For each axis, how many elements apart its neighbours are in row-major order. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

/** An axis as Keras counts it, -1 being the last, as 0 … rank - 1. */
export function positiveAxis(axis: number, rank: number, layerName: string): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= rank) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layerName}': axis ${axis} doesn't exist in ${rank} dimensions; correct it`,
    );
  }
  return positive;
}

/** The array with axis `order[i]` of the old one as its axis i (numpy.transpose). */
export function transpose(x: NdArray, order: readonly number[]): NdArray {
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis] ?? 1);
  const data = gather(
    x.data,
    shape,
    order.map((axis) => strides[axis] ?? 0),
  );
  return ndArray(shape, data);
}

/** The array repeated along its axes of size 1, and along missing leading ones, to a shape (numpy.broadcast_to). */
export function broadcastTo(x: NdArray, shape: readonly number[]): NdArray {
  const missing = shape.length - x.shape.length;
  const strides = stridesOf(x.shape);
  const steps = shape.map((size, axis) => {
    const own = x.shape[axis - missing] ?? 1;
    if (missing < 0 || (own !== 1 && own !== size))
      throw new RangeError(`[${x.shape}] doesn't broadcast to [${shape}]`);
    return own === 1 ? 0 : (strides[axis - missing] ?? 0);
  });
  return ndArray(shape, gather(x.data, shape, steps));
}

/** Elements of a strided view, in row-major order of its shape. */
function gather(source: Float64Array, shape: readonly number[], steps: readonly number[]): Float64Array {
  const target = zeros(shape);
  const last = shape.length - 1;
  const [length, step] = [shape[last] ?? 1, steps[last] ?? 0];
  const index = new Int32Array(shape.length);
  let offset = 0;
  for (let row = 0; row < target.length; row += length) {
    for (let i = 0; i < length; i++) target[row + i] = source[offset + i * step] as number;
    // Count up like an odometer: the last axis but one first, carrying into those before it.
    for (let axis = last - 1; axis >= 0; axis--) {
      offset += steps[axis] ?? 0;
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      offset -= (steps[axis] ?? 0) * (shape[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return target;
}

/**
 * Replaces every slice along `axes` (in their given order, row-major) by what `change` makes of it in place; the axes that
 * aren't named are looped over.
 */
export function mapSlices(x: NdArray, axes: readonly number[], change: (slice: Float64Array) => void): NdArray {
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  const moved = transpose(x, order);
  const length = elementCount(axes.map((axis) => x.shape[axis] ?? 1));
  for (let start = 0; start < moved.data.length; start += length) change(moved.data.subarray(start, start + length));
  return transpose(
    moved,
    order.map((_, axis) => order.indexOf(axis)),
  );
}
