import { ModeletError } from '../../core/errors.js';
import { type NdArray, ndArray } from './array.js';
import { mapSlices, positiveAxis, transpose } from './axes.js';

/** exp(x) / Σ exp(x) over the axes together; the largest x is taken off first, which changes nothing but overflow. */
export function softmax(x: NdArray, axes: readonly number[], layerName: string): NdArray {
  return mapSlices(x, positive(x, axes, layerName), (slice) => {
    const largest = slice.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = slice.reduce((total, value) => total + Math.exp(value - largest), 0);
    slice.forEach((value, i) => {
      slice[i] = Math.exp(value - largest) / sum;
    });
  });
}

/** x - log Σ exp(x) over the axes together. */
export function logSoftmax(x: NdArray, axes: readonly number[], layerName: string): NdArray {
  return mapSlices(x, positive(x, axes, layerName), (slice) => {
    const largest = slice.reduce((a, b) => Math.max(a, b), -Infinity);
    const logSum = largest + Math.log(slice.reduce((total, value) => total + Math.exp(value - largest), 0));
    slice.forEach((value, i) => {
      slice[i] = value - logSum;
    });
  });
}

/**
 * Keras' sparsemax: max(x - τ, 0). With x sorted downwards and s(k) = x(1) + … + x(k), the support are the k for which
 * 1 + k · x(k) > s(k), and τ = (the sum of s over the support - 1) / its size. (Martins and Astudillo, 2016, take only the last
 * s(k), so that the result sums to 1; Keras' does so for a support of 1 alone.)
 */
export function sparsemax(x: NdArray, axes: readonly number[], layerName: string): NdArray {
  return mapSlices(x, positive(x, axes, layerName), (slice) => {
    let [sum, sums, support] = [0, 0, 0];
    for (const [i, value] of slice.toSorted().reverse().entries()) {
      sum += value;
      if (1 + (i + 1) * value > sum) [sums, support] = [sums + sum, support + 1];
    }
    const tau = (sums - 1) / support;
    slice.forEach((value, i) => {
      slice[i] = Math.max(value - tau, 0);
    });
  });
}

/** a · sigmoid(b), where a and b are the two halves along an axis (Dauphin et al., 2017). */
export function glu(x: NdArray, axes: readonly number[], layerName: string): NdArray {
  const [axis = -1] = positive(x, axes, layerName);
  const size = x.shape[axis] ?? 0;
  if (size % 2 !== 0) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layerName}': glu needs an even axis, and has ${size}; change its input`,
    );
  }
  const half = size / 2;
  const order = [...x.shape.keys()].filter((other) => other !== axis).concat(axis);
  const last = transpose(x, order);
  const shape = [...last.shape.slice(0, -1), half];
  const data = Float64Array.from({ length: last.data.length / 2 }, (_, i) => {
    const a = Math.floor(i / half) * size + (i % half);
    return (last.data[a] ?? 0) / (1 + Math.exp(-(last.data[a + half] ?? 0)));
  });
  return transpose(
    ndArray(shape, data),
    order.map((_, target) => order.indexOf(target)),
  );
}

function positive(x: NdArray, axes: readonly number[], layerName: string): number[] {
  return axes.map((axis) => positiveAxis(axis, x.shape.length, layerName));
}
