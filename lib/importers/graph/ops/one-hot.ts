import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { scalar } from './elementwise.js';
import { integer } from './shape.js';

/** INT32 [...] → FP32 [..., depth]: 1 at each number's place; numbers outside yield zeros. */
export function oneHot(graph: GraphBuilder, x: GraphValue, depth: number): GraphValue {
  const inputs = [x, integer(graph, depth), scalar(graph, 1), scalar(graph, 0)];
  const attributes = { T: attribute.type('FP32'), TI: attribute.type('INT32') };
  return graph.node('OneHot', inputs, attributes, { datatype: 'FP32', shape: [...x.shape, depth] });
}
