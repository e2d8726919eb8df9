import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type * as tf from '@tensorflow/tfjs-core';
import { heapOf } from './repair.js';

type Numbers = Float32Array | Int32Array | Uint8Array;

/** Strides of a row-major shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}

/**
 * A new tensor, each element computed from its place.
 * @param make gets the heap's views of the inputs, taken after the output was made, since making it may move the heap; returns
 *   what gives the element at an index, or throws to refuse
 */
export function ownKernel(
  backend: BackendWasm,
  shape: readonly number[],
  dtype: tf.DataType,
  inputs: readonly tf.TensorInfo[],
  make: (views: readonly Numbers[]) => (index: number) => number,
): tf.TensorInfo {
  const out = backend.makeOutput([...shape], dtype);
  try {
    const element = make(inputs.map((input) => heapOf(backend, input)));
    const values = heapOf(backend, out);
    for (let index = 0; index < values.length; index++) values[index] = element(index);
  } catch (error) {
    backend.disposeData(out.dataId);
    throw error;
  }
  return out;
}

/**
 * Where the elements of a tensor lie for each element of a larger shape that it is stretched to (NumPy's broadcasting).
 * @returns from an index of `shape` to one of the tensor
 */
export function stretched(from: readonly number[], shape: readonly number[]): (index: number) => number {
  if (from.length === shape.length && from.every((size, axis) => size === shape[axis])) return (index) => index;
  const own = stridesOf(from);
  const shift = shape.length - from.length;
  const steps = shape.map((_, axis) => ((from[axis - shift] ?? 1) === 1 ? 0 : (own[axis - shift] as number)));
  return mapped(shape, steps, 0);
}

/** From an index of a row-major shape to `start` + the sum of its coordinates × `steps`. */
export function mapped(shape: readonly number[], steps: readonly number[], start: number): (index: number) => number {
  const strides = stridesOf(shape);
  return (index) => {
    let at = start;
    let rest = index;
    for (let axis = 0; axis < strides.length; axis++) {
      const stride = strides[axis] as number;
      const coordinate = Math.floor(rest / stride);
      rest -= coordinate * stride;
      at += coordinate * (steps[axis] as number);
    }
    return at;
  };
}
