import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { broadcastShape } from './elementwise.js';
import { type Dimension, dimension, reshape } from './shape.js';

/** [n, k] × [k, m] → [n, m]. @throws RangeError where it is known that they don't fit */
export function matMul(graph: GraphBuilder, a: GraphValue, b: GraphValue): GraphValue {
  checkInner(a, b, b.shape[0] as number);
  const attributes = { transpose_a: attribute.flag(false), transpose_b: attribute.flag(false) };
  const shape = [a.shape[0] as number, b.shape[1] as number];
  return graph.node('MatMul', [a, b], attributes, { datatype: 'FP32', shape });
}

/**
 * [..., n, k] × [..., k, m] → [..., n, m]; `transposeB`: [..., m, k]. The leading axes are the same, or all 1 on one side.
 * @throws RangeError for other broadcasting, where TF.js' kernels (cpu and wasm alike) multiply the wrong matrices:
 *   [2, 1, n, k] × [1, 3, k, m] takes three products of the six
 */
export function batchMatMul(graph: GraphBuilder, a: GraphValue, b: GraphValue, transposeB = false): GraphValue {
  checkInner(a, b, b.shape.at(transposeB ? -1 : -2) as number);
  const [left, right] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const single = [left, right].some((sizes) => sizes.every((size) => size === 1));
  const same = left.length === right.length && left.every((size, axis) => size === right[axis]);
  if (!single && !same) throw notMultiplied(a, b);
  const rows = a.shape.at(-2) as number;
  const columns = b.shape.at(transposeB ? -2 : -1) as number;
  const shape = [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
  const attributes = { adj_x: attribute.flag(false), adj_y: attribute.flag(transposeB) };
  return graph.node('BatchMatMulV2', [a, b], attributes, { datatype: 'FP32', shape });
}

/**
 * Does something over the last axis of `x` of any rank as if it had two: all other axes become one before, and come back
 * after. So a product there is one matrix product, and its bias and activation can be fused with it.
 * @param apply [n, k] → [n, m]
 */
export function overLastAxis(graph: GraphBuilder, x: GraphValue, apply: (rows: GraphValue) => GraphValue): GraphValue {
  if (x.shape.length === 2) return apply(x);
  const leading: Dimension[] = x.shape.slice(0, -1).map((_, axis) => dimension(x, axis));
  const rows = apply(reshape(graph, x, [-1, dimension(x, -1)]));
  return reshape(graph, rows, [...leading, dimension(rows, -1)]);
}

/** @param inner of the second: along which the product sums */
function checkInner(a: GraphValue, b: GraphValue, inner: number): void {
  const size = a.shape.at(-1);
  if (size !== inner && size !== -1 && inner !== -1) throw notMultiplied(a, b);
}

function notMultiplied(a: GraphValue, b: GraphValue): RangeError {
  return new RangeError(`matrices of shapes [${a.shape}] and [${b.shape}] can't be multiplied`);
}
