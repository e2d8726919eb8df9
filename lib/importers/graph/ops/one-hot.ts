import { makeTensor } from '../../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { cast, comparison } from './elementwise.js';
import { expandDims } from './shape.js';

/**
 * INT32 [...] → FP32 [..., depth]: 1 at each number's place; numbers outside yield zeros.
 * By comparison, as TF.js' OneHot writes integers into its float32 result on wasm.
 */
export function oneHot(graph: GraphBuilder, x: GraphValue, depth: number): GraphValue {
  const places = makeTensor(
    'INT32',
    [depth],
    Int32Array.from({ length: depth }, (_, place) => place),
  );
  const hits = comparison(graph, 'Equal', expandDims(graph, x, -1), graph.constant(places, 'places'));
  return cast(graph, hits, 'FP32');
}
