import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { unary } from './elementwise.js';
import { dimension, reshape, transpose } from './shape.js';

/**
 * Softmax over any axes together. TF.js' kernel knows the last one only: others are brought there and back.
 * @throws RangeError for an axis that `x` doesn't have
 */
export function softmax(graph: GraphBuilder, x: GraphValue, axes: readonly number[] = [-1]): GraphValue {
  return overAxes(graph, x, axes, (rows) => unary(graph, 'Softmax', rows));
}

/** The logarithm of `softmax`, without its underflow. */
export function logSoftmax(graph: GraphBuilder, x: GraphValue, axes: readonly number[] = [-1]): GraphValue {
  return overAxes(graph, x, axes, (rows) => unary(graph, 'LogSoftmax', rows));
}

/** Applies something to rows that hold all elements along `axes`; it keeps the shape. */
function overAxes(
  graph: GraphBuilder,
  x: GraphValue,
  axes: readonly number[],
  apply: (rows: GraphValue) => GraphValue,
): GraphValue {
  const rank = x.shape.length;
  const inner = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  if (inner.some((axis) => axis < 0 || axis >= rank)) throw new RangeError(`[${x.shape}] has no axes ${axes}`);
  const outer = x.shape.map((_, axis) => axis).filter((axis) => !inner.includes(axis));
  const order = [...outer, ...inner];
  const back = order.map((_, axis) => order.indexOf(axis));
  const turned = transpose(graph, x, order);
  if (inner.length === 1) return transpose(graph, apply(turned), back);
  const leading = outer.map((_, axis) => dimension(turned, axis));
  const rows = apply(reshape(graph, turned, [...leading, -1]));
  const sizes = order.map((_, axis) => dimension(turned, axis));
  return transpose(graph, reshape(graph, rows, sizes), back);
}
