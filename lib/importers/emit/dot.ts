import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, scalar, unary } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { expandDims } from '../graph/ops/shape.js';
import { kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { einsum } from './einsum.js';
import type { Emitter } from './emit.js';

const axesSchema = v.union([v.number(), v.tuple([v.number(), v.number()])]);
const dotSchema = v.object({ axes: axesSchema, normalize: v.optional(v.boolean(), false) });

/** The scalar product of each pair of examples along one axis of either; [batch, 1] where no other axes are left. */
const emitDot: Emitter = (graph, call) => {
  const { layer, inputs } = call;
  const { axes, normalize } = readConfig(layer, dotSchema);
  const [left, right] = inputs;
  if (left === undefined || right === undefined || inputs.length > 2) throw refused(layer, 'it takes two inputs');
  const [leftAxis, rightAxis] = [left, right].map(({ shape }, index) => {
    const axis = typeof axes === 'number' ? axes : (axes[index] as number);
    return axis < 0 ? axis + shape.length : axis;
  }) as [number, number];
  const spelt = (rank: number, axis: number, letters: string): string =>
    Array.from({ length: rank }, (_, index) => (index === 0 ? 'b' : index === axis ? 's' : letters[index])).join('');
  if (![leftAxis - 1, rightAxis - 1].every((axis) => axis >= 0)) throw refused(layer, 'axis 0 is the batch');
  const equation = {
    left: spelt(left.shape.length, leftAxis, '-cdefg'),
    right: spelt(right.shape.length, rightAxis, '-hijkl'),
  };
  const result = (equation.left + equation.right.slice(1)).replaceAll('s', '');
  const version = kerasMajor(call.kerasVersion);
  const ready = (x: GraphValue, axis: number): GraphValue => {
    const numbers = cast(graph, x, 'FP32');
    return normalize ? unitLength(graph, numbers, axis, version) : numbers;
  };
  const product = einsum(graph, { ...equation, result }, ready(left, leftAxis), ready(right, rightAxis));
  return [result.length === 1 ? expandDims(graph, product, 1) : product];
};

/** x / |x| along an axis; near 0 Keras 3 divides by no less than 1e-7, Keras 2 by 1e-6 (the square by 1e-12). */
function unitLength(graph: GraphBuilder, x: GraphValue, axis: number, version: 2 | 3): GraphValue {
  const square = reduce(graph, 'Sum', unary(graph, 'Square', x), [axis], true);
  const inverse =
    version === 3
      ? arithmetic(graph, 'Minimum', unary(graph, 'Rsqrt', square), scalar(graph, 1e7))
      : unary(graph, 'Rsqrt', arithmetic(graph, 'Maximum', square, scalar(graph, 1e-12)));
  return arithmetic(graph, 'Mul', x, inverse);
}

export const dot: Readonly<Record<string, Emitter>> = { Dot: emitDot };
