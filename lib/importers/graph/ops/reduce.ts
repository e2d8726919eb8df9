import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { integers } from './shape.js';

/** Reduces axes (from the end where negative); `keepDims` leaves them with size 1. */
export function reduce(
  graph: GraphBuilder,
  op: 'Mean' | 'Sum' | 'Max' | 'Min' | 'Prod' | 'Any' | 'All',
  x: GraphValue,
  axes: readonly number[],
  keepDims = false,
): GraphValue {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const shape = keepDims
    ? x.shape.map((size, axis) => (at.includes(axis) ? 1 : size))
    : x.shape.filter((_, axis) => !at.includes(axis));
  const attributes = { keep_dims: attribute.flag(keepDims), Tidx: attribute.type('INT32') };
  return graph.node(op, [x, integers(graph, at)], attributes, { datatype: x.datatype, shape });
}
