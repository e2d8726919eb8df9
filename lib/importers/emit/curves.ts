import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, comparison, scalar, select, unary } from '../graph/ops/elementwise.js';
import { split } from '../graph/ops/shape.js';
import { clip } from './shrinks.js';

// Smooth and rectified activations of keras.activations, each by Keras' own formula. All are exact to a few units in the last
// place of float32 on TF.js' cpu and wasm backends (TF.js' Erf to 2e-7), and don't overflow for large |x|.

interface ReluSettings {
  readonly negativeSlope: number;
  readonly maxValue: number | undefined;
  readonly threshold: number;
}

/** x above the threshold, at most maxValue; below it negativeSlope · (x - threshold). */
export function relu(graph: GraphBuilder, x: GraphValue, settings: ReluSettings): GraphValue {
  const { negativeSlope, maxValue, threshold } = settings;
  if (maxValue === undefined && threshold === 0) {
    return negativeSlope === 0 ? unary(graph, 'Relu', x) : leakyRelu(graph, x, negativeSlope);
  }
  const limit = scalar(graph, threshold);
  const positive =
    threshold === 0
      ? unary(graph, 'Relu', x)
      : select(graph, comparison(graph, 'Greater', x, limit), x, scalar(graph, 0));
  const clipped = maxValue === undefined ? positive : atMost(graph, x, positive, settings);
  if (negativeSlope === 0) return clipped;
  const below = unary(graph, 'Relu', arithmetic(graph, 'Sub', limit, x));
  return arithmetic(graph, 'Sub', clipped, arithmetic(graph, 'Mul', scalar(graph, negativeSlope), below));
}

/** Relu6 where it is that: one op, which can be fused with the product before. */
function atMost(graph: GraphBuilder, x: GraphValue, positive: GraphValue, settings: ReluSettings): GraphValue {
  const { maxValue = 0, threshold } = settings;
  return threshold === 0 && maxValue === 6 ? unary(graph, 'Relu6', x) : clip(graph, positive, 0, maxValue);
}

export function leakyRelu(graph: GraphBuilder, x: GraphValue, slope: number): GraphValue {
  return graph.node('LeakyRelu', [x], { alpha: attribute.float(slope) }, { datatype: x.datatype, shape: x.shape });
}

/** x above 0, else alpha · (exp(x) - 1). */
export function elu(graph: GraphBuilder, x: GraphValue, alpha: number): GraphValue {
  return alpha === 1 ? unary(graph, 'Elu', x) : exponentialBelow(graph, x, x, alpha);
}

/** x above 0, else alpha · (exp(x / alpha) - 1). */
export function celu(graph: GraphBuilder, x: GraphValue, alpha: number): GraphValue {
  return exponentialBelow(graph, x, arithmetic(graph, 'RealDiv', x, scalar(graph, alpha)), alpha);
}

/** max(x, 0) + alpha · (exp(min(exponent, 0)) - 1). */
function exponentialBelow(graph: GraphBuilder, x: GraphValue, exponent: GraphValue, alpha: number): GraphValue {
  if (alpha <= 0) throw new RangeError(`alpha should be above 0, not ${alpha}`);
  const below = unary(graph, 'Expm1', arithmetic(graph, 'Minimum', exponent, scalar(graph, 0)));
  return arithmetic(graph, 'AddV2', unary(graph, 'Relu', x), arithmetic(graph, 'Mul', scalar(graph, alpha), below));
}

/** x · Φ(x), by the error function. */
export function gelu(graph: GraphBuilder, x: GraphValue): GraphValue {
  const erf = unary(graph, 'Erf', arithmetic(graph, 'Mul', x, scalar(graph, Math.SQRT1_2)));
  return halfOfProduct(graph, x, erf);
}

/** The approximation x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2. */
export function geluByTanh(graph: GraphBuilder, x: GraphValue): GraphValue {
  const cube = arithmetic(graph, 'Mul', arithmetic(graph, 'Mul', x, x), x);
  const inner = arithmetic(graph, 'AddV2', x, arithmetic(graph, 'Mul', scalar(graph, 0.044715), cube));
  const tanh = unary(graph, 'Tanh', arithmetic(graph, 'Mul', scalar(graph, Math.sqrt(2 / Math.PI)), inner));
  return halfOfProduct(graph, x, tanh);
}

/** x · (1 + y) / 2. */
function halfOfProduct(graph: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue {
  const half = arithmetic(graph, 'Mul', x, scalar(graph, 0.5));
  return arithmetic(graph, 'Mul', half, arithmetic(graph, 'AddV2', y, scalar(graph, 1)));
}

/** x · sigmoid(x). */
export function silu(graph: GraphBuilder, x: GraphValue): GraphValue {
  return arithmetic(graph, 'Mul', x, unary(graph, 'Sigmoid', x));
}

/** Keras 3's: relu6(x + 3) / 6. */
export function hardSigmoid(graph: GraphBuilder, x: GraphValue): GraphValue {
  const clipped = unary(graph, 'Relu6', arithmetic(graph, 'AddV2', x, scalar(graph, 3)));
  return arithmetic(graph, 'Mul', clipped, scalar(graph, 1 / 6));
}

/** That of Keras 1 and 2: 0.2 x + 0.5 between 0 and 1. */
export function hardSigmoid02(graph: GraphBuilder, x: GraphValue): GraphValue {
  const line = arithmetic(graph, 'AddV2', arithmetic(graph, 'Mul', x, scalar(graph, 0.2)), scalar(graph, 0.5));
  return clip(graph, line, 0, 1);
}

export function hardSilu(graph: GraphBuilder, x: GraphValue): GraphValue {
  return arithmetic(graph, 'Mul', x, hardSigmoid(graph, x));
}

/** x · tanh(softplus(x)). */
export function mish(graph: GraphBuilder, x: GraphValue): GraphValue {
  return arithmetic(graph, 'Mul', x, unary(graph, 'Tanh', unary(graph, 'Softplus', x)));
}

/** log(sigmoid(x)) = -softplus(-x). */
export function logSigmoid(graph: GraphBuilder, x: GraphValue): GraphValue {
  return unary(graph, 'Neg', unary(graph, 'Softplus', unary(graph, 'Neg', x)));
}

/** The first half along the axis times the sigmoid of the second. */
export function glu(graph: GraphBuilder, x: GraphValue, axis: number): GraphValue {
  const size = x.shape.at(axis);
  if (size === undefined || size % 2 !== 0) throw new RangeError(`[${x.shape}] can't be halved along axis ${axis}`);
  const [left, right] = split(graph, x, 2, axis) as [GraphValue, GraphValue];
  return arithmetic(graph, 'Mul', left, unary(graph, 'Sigmoid', right));
}

/** x / (1 + |x|). */
export function softsign(graph: GraphBuilder, x: GraphValue): GraphValue {
  return arithmetic(graph, 'RealDiv', x, arithmetic(graph, 'AddV2', unary(graph, 'Abs', x), scalar(graph, 1)));
}

/** (x + √(x² + b)) / 2, as max(x, 0) + (b / 2) / (√(x² + b) + |x|): without its cancellation far below 0. */
export function squareplus(graph: GraphBuilder, x: GraphValue, b: number): GraphValue {
  const positive = unary(graph, 'Relu', x);
  if (b === 0) return positive;
  const root = unary(graph, 'Sqrt', arithmetic(graph, 'AddV2', unary(graph, 'Square', x), scalar(graph, b)));
  const below = arithmetic(graph, 'AddV2', root, unary(graph, 'Abs', x));
  return arithmetic(graph, 'AddV2', positive, arithmetic(graph, 'RealDiv', scalar(graph, b / 2), below));
}
