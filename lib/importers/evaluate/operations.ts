import type { NdArray } from './array.js';
import type { LayerFunction } from './evaluate.js';
import { type OperationArguments, readArguments } from './operations-arguments.js';
import { elementwiseOperations } from './operations-elementwise.js';
import { imageOperations } from './operations-images.js';
import { joining } from './operations-joining.js';
import { productOperations } from './operations-products.js';
import { reductions } from './operations-reduce.js';
import { shapeOperations } from './operations-shape.js';
import { slicing } from './operations-slice.js';

/** A function of keras.ops, or of TensorFlow in a model of Keras 2, of one or several arrays. */
export type Operation = (given: OperationArguments) => NdArray | readonly NdArray[];

/** Functions used as layers, by the names of both. They end a mask. */
export const operations: Record<string, LayerFunction> = Object.fromEntries(
  [elementwiseOperations, imageOperations, joining, productOperations, reductions, shapeOperations, slicing]
    .flatMap((family) => [...family])
    .map(([name, compute]) => [`op:${name}`, (call) => withoutMasks(compute(readArguments(call)))]),
);

function withoutMasks(results: NdArray | readonly NdArray[]): NdArray[] {
  const list = 'shape' in results ? [results] : results;
  return list.map(({ shape, data }) => ({ shape, data }));
}
