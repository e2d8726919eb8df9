import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { type Dimension, exactSizes, integers } from './shape.js';

export type Interpolation = 'ResizeBilinear' | 'ResizeNearestNeighbor';

/** FP32 [n, height, width, c] → [n, …size, c] with the centres of pixels half a pixel from their corners, as `tf.image.resize`. */
export function resize(
  graph: GraphBuilder,
  op: Interpolation,
  x: GraphValue,
  size: readonly [Dimension, Dimension],
): GraphValue {
  const known = size.map((length) => (typeof length === 'number' ? length : -1));
  const vector = known.includes(-1) ? exactSizes(graph, size) : integers(graph, known);
  const attributes = { align_corners: attribute.flag(false), half_pixel_centers: attribute.flag(true) };
  const shape = [x.shape[0] as number, ...known, x.shape[3] as number];
  return graph.node(op, [x, vector], attributes, { datatype: 'FP32', shape });
}
