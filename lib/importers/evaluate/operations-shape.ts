import { elementCount } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo, positiveAxis, transpose } from './axes.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';

/** Functions that give the same numbers another shape, and tell shapes. */
export const shapeOperations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['reshape', reshape],
  ['ravel', (given) => ndArray([input(given).data.length], input(given).data)],
  ['transpose', transposed],
  ['permute_dims', transposed],
  ['swapaxes', swapAxes],
  ['moveaxis', moveAxes],
  ['expand_dims', expandDims],
  ['squeeze', squeeze],
  ['broadcast_to', (given) => broadcast(given, given.integers('shape') ?? [])],
  ['shape', (given) => ndArray([input(given).shape.length], Float64Array.from(input(given).shape))],
  ['one_hot', oneHot],
  ['depth_to_space', depthToSpace],
]);

export function input(given: OperationArguments): NdArray {
  return given.array(0, 'x', 'tensor', 'input', 'a', 'value', 'input_tensor');
}

export function axisOf(
  given: OperationArguments,
  rank: number,
  fallback: number | undefined,
  ...names: string[]
): number {
  return positiveAxis(given.integer(fallback, ...names), rank, given.layerName);
}

/** The same numbers in another shape, of which one size may be -1. */
function reshape(given: OperationArguments): NdArray {
  const x = input(given);
  const stated = given.integers('newshape', 'shape', 'new_shape');
  if (stated === undefined) throw given.wrong('newshape', 'whole numbers', undefined);
  const known = elementCount(stated.filter((size) => size !== -1));
  const shape = stated.map((size) => (size === -1 ? x.data.length / known : size));
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || elementCount(shape) !== x.data.length) {
    throw given.wrong('newshape', `a shape of ${x.data.length} numbers`, stated);
  }
  return ndArray(shape, x.data);
}

function transposed(given: OperationArguments): NdArray {
  const x = input(given);
  const axes = given.integers('axes', 'perm') ?? [...x.shape.keys()].reverse();
  const order = axes.map((axis) => positiveAxis(axis, x.shape.length, given.layerName));
  if (new Set(order).size !== x.shape.length) throw given.wrong('axes', 'each axis once', axes);
  return transpose(x, order);
}

function swapAxes(given: OperationArguments): NdArray {
  const x = input(given);
  const rank = x.shape.length;
  const [a, b] = [axisOf(given, rank, undefined, 'axis1'), axisOf(given, rank, undefined, 'axis2')];
  return transpose(
    x,
    [...x.shape.keys()].map((axis) => (axis === a ? b : axis === b ? a : axis)),
  );
}

function moveAxes(given: OperationArguments): NdArray {
  const x = input(given);
  const positive = (axes: readonly number[] = []) =>
    axes.map((axis) => positiveAxis(axis, x.shape.length, given.layerName));
  const [from, to] = [positive(given.integers('source')), positive(given.integers('destination'))];
  if (from.length !== to.length) throw given.wrong('destination', `${from.length} axes`, to);
  const order = [...x.shape.keys()].filter((axis) => !from.includes(axis));
  // In ascending order of the destination, so that each lands where it is to be.
  for (const [place, axis] of to.map((place, i) => [place, from[i] ?? 0] as const).sort(([a], [b]) => a - b)) {
    order.splice(place, 0, axis);
  }
  return transpose(x, order);
}

function expandDims(given: OperationArguments): NdArray {
  const x = input(given);
  const axes = given.integers('axis') ?? [];
  const rank = x.shape.length + axes.length;
  const added = axes.map((axis) => positiveAxis(axis, rank, given.layerName));
  const sizes = [...x.shape];
  return ndArray(
    Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (sizes.shift() ?? 1))),
    x.data,
  );
}

function squeeze(given: OperationArguments): NdArray {
  const x = input(given);
  const axes = given.integers('axis')?.map((axis) => positiveAxis(axis, x.shape.length, given.layerName));
  const gone = axes ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1);
  if (gone.some((axis) => x.shape[axis] !== 1)) throw given.wrong('axis', 'an axis of size 1', gone);
  return ndArray(
    x.shape.filter((_, axis) => !gone.includes(axis)),
    x.data,
  );
}

function broadcast(given: OperationArguments, shape: readonly number[]): NdArray {
  const x = input(given);
  const fits = x.shape.every((size, i) => size === 1 || size === shape[i + shape.length - x.shape.length]);
  if (!fits || shape.length < x.shape.length || shape.some((size) => size < 0)) {
    throw given.wrong('shape', `one to which [${x.shape}] can be spread`, shape);
  }
  return broadcastTo(x, shape);
}

/** A 1 (`on_value`) at the place of each number along a new axis; all 0 (`off_value`) for numbers outside it. */
function oneHot(given: OperationArguments): NdArray {
  const x = given.array(0, 'x', 'indices');
  const depth = given.integer(undefined, 'num_classes', 'depth');
  if (depth < 1) throw given.wrong('num_classes', 'a number from 1 up', depth);
  const [on, off] = [given.number(1, 'on_value'), given.number(0, 'off_value')];
  const result = ndArray([...x.shape, depth]);
  result.data.forEach((_, i) => {
    result.data[i] = x.data[Math.floor(i / depth)] === i % depth ? on : off;
  });
  const rank = x.shape.length + 1;
  const axis = axisOf(given, rank, -1, 'axis');
  const order = [...x.shape.keys()];
  order.splice(axis, 0, rank - 1);
  return transpose(result, order);
}

/** tf.nn.depth_to_space: [batch, h, w, b·b·c] → [batch, h·b, w·b, c], each pixel's channels laid out as a block of b × b. */
function depthToSpace(given: OperationArguments): NdArray {
  const x = input(given);
  const block = given.integer(undefined, 'block_size');
  const [batch = 1, rows = 1, columns = 1, channels = 1] = x.shape;
  const depth = channels / block ** 2;
  const format = given.text('NHWC', 'data_format');
  if (x.shape.length !== 4 || block < 1 || !Number.isSafeInteger(depth) || format !== 'NHWC') {
    throw given.wrong('block_size', 'one whose square divides the channels, which come last', block);
  }
  const cut = transpose(ndArray([batch, rows, columns, block, block, depth], x.data), [0, 1, 3, 2, 4, 5]);
  return ndArray([batch, rows * block, columns * block, depth], cut.data);
}
