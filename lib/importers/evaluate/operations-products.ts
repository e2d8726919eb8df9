import { ModeletError } from '../../core/errors.js';
import { elementCount, formatShape } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo, transpose } from './axes.js';
import { einsum, multiplyMatrices } from './einsum.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';
import { commonShape } from './operations-broadcast.js';

/** Products of matrices. */
export const productOperations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['matmul', (given) => matmul(given, given.array(0, 'x1', 'a'), given.array(1, 'x2', 'b'))],
  ['dot', dot],
  ['tensordot', tensordot],
  ['einsum', einsumOf],
]);

/** numpy.matmul: of the last two axes, the axes before broadcast; TensorFlow's `transpose_a` and `transpose_b` swap them first. */
function matmul(given: OperationArguments, a: NdArray, b: NdArray): NdArray {
  const vectors = [a.shape.length === 1, b.shape.length === 1];
  const [left, right] = [
    given.flag(false, 'transpose_a') ? swapLast(a) : vectors[0] ? ndArray([1, ...a.shape], a.data) : a,
    given.flag(false, 'transpose_b') ? swapLast(b) : vectors[1] ? ndArray([...b.shape, 1], b.data) : b,
  ];
  const [[rows = 1, inner = 1], [same, columns = 1]] = [left.shape.slice(-2), right.shape.slice(-2)];
  if (Math.min(left.shape.length, right.shape.length) < 2 || inner !== same) throw unfit(given, a, b);
  const outer = commonShape(
    [left, right].map(({ shape }) => ndArray(shape.slice(0, -2))),
    given.layerName,
  );
  const [x, y] = [broadcastTo(left, [...outer, rows, inner]), broadcastTo(right, [...outer, inner, columns])];
  const data = multiplyMatrices(x.data, y.data, elementCount(outer), rows, inner, columns);
  return ndArray([...outer, ...(vectors[0] ? [] : [rows]), ...(vectors[1] ? [] : [columns])], data);
}

function swapLast(x: NdArray): NdArray {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
}

/** numpy.dot: Σ over a's last axis and b's last but one (its only one, where it has one); all other axes of both remain. */
function dot(given: OperationArguments): NdArray {
  const [a, b] = [given.array(0, 'x1', 'x'), given.array(1, 'x2', 'y')];
  return contract(given, a, b, [a.shape.length - 1], [Math.max(b.shape.length - 2, 0)]);
}

/** numpy.tensordot: Σ over `axes`, [a's, b's], or over the last n axes of a and the first n of b. */
function tensordot(given: OperationArguments): NdArray {
  const [a, b] = [given.array(0, 'x1', 'a'), given.array(1, 'x2', 'b')];
  const axes = given.plain(2, 'axes') ?? 2;
  if (typeof axes === 'number' && Number.isSafeInteger(axes) && axes >= 0 && axes <= a.shape.length) {
    const last = Array.from({ length: axes }, (_, i) => a.shape.length - axes + i);
    return contract(given, a, b, last, [...last.keys()]);
  }
  const [ofA, ofB] = (Array.isArray(axes) ? axes : []).map((part: unknown) => (Array.isArray(part) ? part : [part]));
  const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isSafeInteger);
  if (!whole(ofA) || !whole(ofB)) throw given.wrong('axes', 'a number of axes, or those of both', axes);
  return contract(given, a, b, ofA, ofB);
}

function contract(
  given: OperationArguments,
  a: NdArray,
  b: NdArray,
  ofA: readonly number[],
  ofB: readonly number[],
): NdArray {
  const positive = (axes: readonly number[], { shape }: NdArray) =>
    axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const [axesA, axesB] = [positive(ofA, a), positive(ofB, b)];
  const sizes = (axes: readonly number[], { shape }: NdArray) => axes.map((axis) => shape[axis]);
  if (`${sizes(axesA, a)}` !== `${sizes(axesB, b)}` || sizes(axesA, a).includes(undefined)) throw unfit(given, a, b);
  const [restA, restB] = [
    [...a.shape.keys()].filter((axis) => !axesA.includes(axis)),
    [...b.shape.keys()].filter((axis) => !axesB.includes(axis)),
  ];
  const inner = axesA.reduce((product, axis) => product * (a.shape[axis] ?? 1), 1);
  const [left, right] = [transpose(a, [...restA, ...axesA]).data, transpose(b, [...axesB, ...restB]).data];
  const shape = [...restA.map((axis) => a.shape[axis] ?? 1), ...restB.map((axis) => b.shape[axis] ?? 1)];
  return ndArray(shape, multiplyMatrices(left, right, 1, left.length / inner, inner, right.length / inner));
}

/** Of two arrays. Keras 2 loses them when it writes the file: only the equation stands there. */
function einsumOf(given: OperationArguments): NdArray {
  const equation = given.plain(0, 'subscripts', 'equation');
  const setting = given.has('subscripts') ? given.text(undefined, 'subscripts') : equation;
  if (typeof setting !== 'string') throw given.wrong('subscripts', 'an equation', setting);
  const first = given.has('subscripts') ? 0 : 1;
  return einsum(setting, given.array(first), given.array(first + 1), given.layerName);
}

function unfit(given: OperationArguments, a: NdArray, b: NdArray): ModeletError {
  const shapes = `${formatShape(a.shape)} and ${formatShape(b.shape)}`;
  return new ModeletError('INVALID_INPUT', `layer '${given.layerName}' can't multiply ${shapes}; make them fit`);
}
