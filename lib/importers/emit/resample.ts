import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { matMul, overLastAxis } from '../graph/ops/product.js';
import { resize } from '../graph/ops/resize.js';
import { type Dimension, transpose } from '../graph/ops/shape.js';
import { interpolationWeights, linearInterpolations } from './interpolation.js';

type Size = readonly [height: Dimension, width: Dimension];

/**
 * FP32 images [n, height, width, c] → [n, …size, c], as `tf.image.resize` does it.
 * @throws RangeError for a method that isn't known, or one without an op in TF.js where the images have no fixed size
 */
export function resample(
  graph: GraphBuilder,
  x: GraphValue,
  size: Size,
  method: string,
  antialias = false,
): GraphValue {
  if (method === 'nearest') return resize(graph, 'ResizeNearestNeighbor', x, size);
  if (method === 'bilinear' && !antialias) return resize(graph, 'ResizeBilinear', x, size);
  if (!linearInterpolations.has(method)) throw new RangeError(`interpolation '${method}' is not known`);
  const [height, width] = size;
  const [, rows, columns] = x.shape as [number, number, number];
  if (rows === -1 || columns === -1 || typeof height !== 'number' || typeof width !== 'number') {
    const how = antialias ? `${method} with antialiasing` : method;
    throw new RangeError(`interpolation '${how}' needs images of one known size; set it in the Input`);
  }
  // One axis after the other, each as a product with what its pixels count for the others'.
  const wide = byWeights(graph, transpose(graph, x, [0, 1, 3, 2]), method, antialias, columns, width);
  const high = byWeights(graph, transpose(graph, wide, [0, 3, 2, 1]), method, antialias, rows, height);
  return transpose(graph, high, [0, 3, 1, 2]);
}

function byWeights(
  graph: GraphBuilder,
  x: GraphValue,
  method: string,
  antialias: boolean,
  from: number,
  to: number,
): GraphValue {
  const weights = graph.constant(interpolationWeights(method, antialias, from, to), 'interpolation');
  return overLastAxis(graph, x, (lines) => matMul(graph, lines, weights));
}
