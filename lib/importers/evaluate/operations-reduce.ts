import { kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { mapSlices, positiveAxis, transpose } from './axes.js';
import { divideByLength } from './merge-dot.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';
import { zipWith } from './operations-broadcast.js';

type Reduce = (slice: Float64Array) => number;

const sum: Reduce = (slice) => slice.reduce((a, b) => a + b, 0);
const mean: Reduce = (slice) => sum(slice) / slice.length;
const largest: Reduce = (slice) => slice.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
const smallest: Reduce = (slice) => slice.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const variance: Reduce = (slice) => {
  const middle = mean(slice);
  return mean(slice.map((x) => (x - middle) ** 2));
};
const euclidean: Reduce = (slice) => Math.sqrt(sum(slice.map((x) => x * x)));
const logSumExp: Reduce = (slice) => {
  const top = largest(slice);
  return top + Math.log(sum(slice.map((x) => Math.exp(x - top))));
};

const plain: Readonly<Record<string, Reduce>> = {
  all: (slice) => Number(slice.every(Boolean)),
  amax: largest,
  amin: smallest,
  any: (slice) => Number(slice.some(Boolean)),
  count_nonzero: (slice) => slice.filter(Boolean).length,
  euclidean_norm: euclidean,
  logsumexp: logSumExp,
  max: largest,
  mean,
  min: smallest,
  prod: (slice) => slice.reduce((a, b) => a * b, 1),
  std: (slice) => Math.sqrt(variance(slice)),
  sum,
  var: variance,
  variance,
};

/** Functions that make one number of all along some axes; TensorFlow says `reduce_` before most names. */
export const reductions: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ...Object.entries(plain).flatMap(([name, reduce]) =>
    [name, `reduce_${name}`].map((known) => [known, (given: OperationArguments) => reduced(given, reduce)] as const),
  ),
  ['argmax', (given) => reducedAlongOne(given, (slice) => slice.indexOf(largest(slice)))],
  ['argmin', (given) => reducedAlongOne(given, (slice) => slice.indexOf(smallest(slice)))],
  ['average', average],
  ['norm', norm],
  ['cumsum', (given) => cumulative(given, (a, b) => a + b)],
  ['cumprod', (given) => cumulative(given, (a, b) => a * b)],
  ['normalize', normalize],
  ['l2_normalize', (given) => divideByLength(input(given), oneAxis(given, input(given), -1), 2)],
]);

function input(given: OperationArguments): NdArray {
  return given.array(0, 'x', 'input_tensor', 'a', 'input', 'tensor');
}

/** Over `axis`, one or several; over all where there is none. `keepdims` leaves axes of size 1. */
function reduced(given: OperationArguments, reduce: Reduce, x = input(given)): NdArray {
  const rank = x.shape.length;
  const axes = (given.integers('axis') ?? [...x.shape.keys()]).map((axis) => positiveAxis(axis, rank, given.layerName));
  const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const moved = transpose(x, [...others, ...new Set(axes)]);
  const kept = given.flag(false, 'keepdims', 'keep_dims');
  const shape = x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : kept ? [1] : []));
  const result = ndArray(shape);
  const length = x.data.length / result.data.length;
  result.data.forEach((_, i) => {
    result.data[i] = reduce(moved.data.subarray(i * length, (i + 1) * length));
  });
  return result;
}

/** tf.argmax without an axis goes along the first, numpy's over all. */
function reducedAlongOne(given: OperationArguments, reduce: Reduce): NdArray {
  if (given.has('axis', 'dimension') || kerasMajor(given.kerasVersion) === 3) return reduced(given, reduce);
  throw given.wrong('axis', 'a whole number', undefined);
}

/** The mean, or Σ w·x / Σ w with `weights` (of x's shape, or one an element of the axis). */
function average(given: OperationArguments): NdArray {
  if (!given.has('weights')) return reduced(given, mean);
  const x = input(given);
  const weights = given.array(1, 'weights');
  const axis = given.has('axis') ? oneAxis(given, x, 0) : 0;
  const ones = x.shape.map((size, i) => (i === axis ? size : 1));
  const fitting = weights.shape.length === x.shape.length ? weights : ndArray(ones, weights.data);
  const spread = zipWith([fitting, x], given.layerName, (weight) => weight);
  const weighted = zipWith([x, spread], given.layerName, (value, weight = 0) => value * weight);
  return zipWith([reduced(given, sum, weighted), reduced(given, sum, spread)], given.layerName, (a, b = 1) => a / b);
}

/** The Euclidean norm, or that of another order where `ord` says so: 1, or Infinity. */
function norm(given: OperationArguments): NdArray {
  const order = given.has('ord') ? given.plain(-1, 'ord') : 'euclidean';
  if (order === 1) return reduced(given, (slice) => sum(slice.map(Math.abs)));
  if (order === 'inf' || order === Number.POSITIVE_INFINITY)
    return reduced(given, (slice) => largest(slice.map(Math.abs)));
  const axes = given.integers('axis');
  // Of a matrix, 2 is the largest singular value.
  const matrix = axes === undefined ? false : axes.length > 1;
  if (order === 'euclidean' || order === 'fro' || (order === 2 && !matrix)) return reduced(given, euclidean);
  throw given.wrong('ord', 'euclidean, 1, 2 or inf', order);
}

/** x / |x| along an axis: of order 2 with 1/|x| at most 1e7, of others with |x| at least 1e-7 (unless `epsilon` says otherwise). */
function normalize(given: OperationArguments): NdArray {
  const x = input(given);
  const axis = oneAxis(given, x, -1);
  const order = given.number(2, 'order');
  const least = given.number(1e-7, 'epsilon');
  return mapSlices(x, [axis], (slice) => {
    const length = sum(slice.map((value) => Math.abs(value) ** order)) ** (1 / order);
    const factor = order === 2 ? Math.min(1 / length, 1 / least) : 1 / Math.max(length, least);
    slice.forEach((value, i) => {
      slice[i] = value * factor;
    });
  });
}

/** The sums, or products, of all up to each place; `exclusive` and `reverse` as in tf.cumsum. */
function cumulative(given: OperationArguments, combine: (a: number, b: number) => number): NdArray {
  const x = input(given);
  if (given.flag(false, 'exclusive')) throw given.wrong('exclusive', 'false', true);
  const third = kerasMajor(given.kerasVersion) === 3;
  const flat = third && !given.has('axis') ? ndArray([x.data.length], x.data) : x;
  const reverse = given.flag(false, 'reverse');
  return mapSlices(flat, [oneAxis(given, flat, 0)], (slice) => {
    if (reverse) slice.reverse();
    slice.forEach((value, i) => {
      slice[i] = i === 0 ? value : combine(slice[i - 1] ?? 0, value);
    });
    if (reverse) slice.reverse();
  });
}

function oneAxis(given: OperationArguments, x: NdArray, fallback: number): number {
  const [axis = fallback, another] = given.integers('axis', 'dim') ?? [];
  if (another !== undefined) throw given.wrong('axis', 'one whole number', [axis, another]);
  return positiveAxis(axis, x.shape.length, given.layerName);
}
