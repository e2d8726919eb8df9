import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, comparison, scalar, select, unary } from '../graph/ops/elementwise.js';

// Activations of keras.activations that cut: piecewise linear or quadratic ones.

/** `x` between two limits. By Minimum and Maximum, as TF.js' ClipByValue takes integers for floats on wasm. */
export function clip(graph: GraphBuilder, x: GraphValue, low: number, high: number): GraphValue {
  const datatype = x.datatype === 'INT32' ? 'INT32' : 'FP32';
  const above = arithmetic(graph, 'Maximum', x, scalar(graph, low, datatype));
  return arithmetic(graph, 'Minimum', above, scalar(graph, high, datatype));
}

/** Towards 0 by the threshold: relu(x - t) - relu(-x - t). */
export function softShrink(graph: GraphBuilder, x: GraphValue, by: number): GraphValue {
  const limit = scalar(graph, by);
  const above = unary(graph, 'Relu', arithmetic(graph, 'Sub', x, limit));
  const below = unary(graph, 'Relu', arithmetic(graph, 'Sub', unary(graph, 'Neg', x), limit));
  return arithmetic(graph, 'Sub', above, below);
}

/** x where |x| is above the limit, else 0. */
export function hardShrink(graph: GraphBuilder, x: GraphValue, limit: number): GraphValue {
  const far = comparison(graph, 'Greater', unary(graph, 'Abs', x), scalar(graph, limit));
  return select(graph, far, x, scalar(graph, 0));
}

/** x - tanh(x). */
export function tanhShrink(graph: GraphBuilder, x: GraphValue): GraphValue {
  return arithmetic(graph, 'Sub', x, unary(graph, 'Tanh', x));
}

/** x above the limit, else a constant. */
export function threshold(graph: GraphBuilder, x: GraphValue, limit: number, otherwise: number): GraphValue {
  return select(graph, comparison(graph, 'Greater', x, scalar(graph, limit)), x, scalar(graph, otherwise));
}

/** 0 below -1, x above 1, between them (x + 1)² / 4. */
export function sparsePlus(graph: GraphBuilder, x: GraphValue): GraphValue {
  const between = clip(graph, arithmetic(graph, 'AddV2', x, scalar(graph, 1)), 0, 2);
  const parabola = arithmetic(graph, 'Mul', unary(graph, 'Square', between), scalar(graph, 0.25));
  return arithmetic(graph, 'AddV2', parabola, unary(graph, 'Relu', arithmetic(graph, 'Sub', x, scalar(graph, 1))));
}

/** (x + 1) / 2 between 0 and 1. */
export function sparseSigmoid(graph: GraphBuilder, x: GraphValue): GraphValue {
  const line = arithmetic(graph, 'Mul', arithmetic(graph, 'AddV2', x, scalar(graph, 1)), scalar(graph, 0.5));
  return clip(graph, line, 0, 1);
}
