import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { type NdArray, ndArray } from './array.js';

/**
 * A weight of a layer, in float64.
 * @param shape what Keras would have built; -1 takes any size
 * @throws ModeletError INVALID_INPUT when it is missing or has another shape
 */
export function weightOf(layer: KerasLayer, name: string, shape: readonly number[]): NdArray {
  const weight = layer.weights.get(name);
  if (weight === undefined) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layer.name}': its ${name} is missing; save the model with weights`,
    );
  }
  if (weight.shape.length !== shape.length || !shape.every((size, i) => size === -1 || size === weight.shape[i])) {
    const [is, must] = [formatShape(weight.shape), formatShape(shape)];
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}': its ${name} has shape ${is}; it must be ${must}`);
  }
  return ndArray(weight.shape, Float64Array.from(weight.data));
}

/**
 * A weight that has these sizes, in any order and with any axes of size 1 between them. Keras 2 shapes what has several axes in
 * the order in which these were asked for, or with size 1 at all the others, and takes the numbers as they lie in memory all the
 * same.
 */
export function weightInOrder(layer: KerasLayer, name: string, sizes: readonly number[]): Float64Array {
  const stored = layer.weights.get(name)?.shape ?? [];
  const essential = (shape: readonly number[]) =>
    shape
      .filter((size) => size !== 1)
      .sort()
      .join();
  return weightOf(layer, name, essential(stored) === essential(sizes) ? stored : sizes).data;
}
