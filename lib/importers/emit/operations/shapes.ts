import { makeTensor } from '../../../core/tensor.js';
import * as attribute from '../../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { cast, comparison, scalar } from '../../graph/ops/elementwise.js';
import { oneHot } from '../../graph/ops/one-hot.js';
import {
  concat,
  type Dimension,
  dimension,
  expandDims,
  gather,
  integer,
  pad,
  reshape,
  reverse,
  slice,
  squeeze,
  tile,
  transpose,
} from '../../graph/ops/shape.js';
import type { Resolved } from '../../keras/walk.js';
import { asTruth } from '../score-masks.js';
import { axesOf, axisOf, integerOf, integersOf, type Operation, type OperationEmitter, promoted } from './operation.js';

const first = ({ operand }: Operation): GraphValue =>
  operand(0, 'x', 'input', 'tensor', 'value', 'values', 'a', 'params');

/** To sizes with at most one -1; a size may be a number that the model computes. */
const reshaped: OperationEmitter = (operation) => {
  const { graph, call } = operation;
  const x = first(operation);
  const given = call.kwargs.shape ?? call.kwargs.newshape ?? call.args[1];
  if (given?.kind === 'list' && given.items.some(({ kind }) => kind === 'value')) {
    return reshapedTo(graph, x, given.items);
  }
  const target = integersOf(operation.settingAt(1, 'newshape', 'shape')).map((size): Dimension => size);
  return reshape(graph, x, target);
};

function reshapedTo(graph: GraphBuilder, x: GraphValue, items: readonly Resolved<GraphValue>[]): GraphValue {
  const sizes = items.map((item) => {
    if (item.kind === 'list') throw new RangeError('a shape should be a list of sizes');
    if (item.kind === 'constant') return { value: integer(graph, integerOf(item.value)), known: integerOf(item.value) };
    if (item.value.shape.length > 0) throw new RangeError('a size should be one number');
    return { value: cast(graph, item.value, 'INT32'), known: -1 };
  });
  const parts = sizes.map(({ value }) => value);
  const vector = graph.node(
    'Pack',
    parts,
    { N: attribute.int(parts.length), axis: attribute.int(0) },
    {
      datatype: 'INT32',
      shape: [parts.length],
    },
  );
  const shape = sizes.map(({ known }) => known);
  return graph.node('Reshape', [x, vector], { Tshape: attribute.type('INT32') }, { datatype: x.datatype, shape });
}

const transposed: OperationEmitter = (operation) => {
  const x = first(operation);
  const backwards = x.shape.map((_, axis) => axis).reverse();
  const order = operation.settingAt(1, 'axes', 'perm', 'pattern') ?? backwards;
  return transpose(operation.graph, x, axesOf(order, x.shape.length));
};

const swapAxes: OperationEmitter = (operation) => {
  const x = first(operation);
  const [a, b] = [operation.settingAt(1, 'axis1'), operation.settingAt(2, 'axis2')].map((axis) =>
    axisOf(axis, x.shape.length),
  ) as [number, number];
  return transpose(
    operation.graph,
    x,
    x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
  );
};

const moveAxis: OperationEmitter = (operation) => {
  const x = first(operation);
  const [from, to] = [operation.settingAt(1, 'source'), operation.settingAt(2, 'destination')].map((axes) =>
    axesOf(axes ?? [], x.shape.length),
  ) as [number[], number[]];
  const order = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const moves = from.map((axis, index) => [to[index] ?? 0, axis] as const).sort(([a], [b]) => a - b);
  for (const [place, axis] of moves) order.splice(place, 0, axis);
  return transpose(operation.graph, x, order);
};

const expanded: OperationEmitter = (operation) => {
  const x = first(operation);
  const given = operation.settingAt(1, 'axis', 'dim') ?? -1;
  const axes = integersOf(Array.isArray(given) ? given : [given]);
  const rank = x.shape.length + axes.length;
  const places = axes.map((axis) => axisOf(axis, rank)).sort((a, b) => a - b);
  return places.reduce((value, axis) => expandDims(operation.graph, value, axis), x);
};

const squeezed: OperationEmitter = (operation) => {
  const x = first(operation);
  const given = operation.settingAt(1, 'axis', 'squeeze_dims');
  const ones = x.shape.map((_, axis) => axis).filter((axis) => x.shape[axis] === 1);
  const axes = given === undefined || given === null ? ones : axesOf(given, x.shape.length);
  if (axes.some((axis) => x.shape[axis] !== 1)) throw new RangeError(`axes ${axes} of [${x.shape}] are not all 1`);
  return squeeze(operation.graph, x, axes);
};

const concatenated: OperationEmitter = (operation) => {
  const values = promoted(operation.graph, operation.operands('xs', 'values', 'tensors'));
  const rank = values[0]?.shape.length ?? 0;
  return concat(operation.graph, values, axisOf(operation.settingAt(1, 'axis') ?? -1, rank));
};

const stacked: OperationEmitter = ({ graph, operands, settingAt }) => {
  const values = promoted(graph, operands('x', 'values', 'xs'));
  const axis = axisOf(settingAt(1, 'axis') ?? 0, (values[0]?.shape.length ?? 0) + 1);
  return concat(
    graph,
    values.map((value) => expandDims(graph, value, axis)),
    axis,
  );
};

/** Parts of these sizes along an axis. */
function parts(graph: GraphBuilder, x: GraphValue, sizes: readonly number[], axis: number): GraphValue[] {
  let from = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, index) => (index === axis ? from : 0));
    from += size;
    return slice(
      graph,
      x,
      begin,
      x.shape.map((_, index) => (index === axis ? size : -1)),
    );
  });
}

/** Into so many equal parts; or, a list, before these places (Keras 3), into parts of these sizes (TensorFlow). */
const splits: OperationEmitter = (operation) => {
  const { graph, settingAt, setting } = operation;
  const x = first(operation);
  const axis = axisOf(settingAt(2, 'axis') ?? 0, x.shape.length);
  const size = knownSize(x, axis);
  const places = setting('indices_or_sections');
  const count = places ?? settingAt(1, 'num_or_size_splits');
  if (typeof count === 'number') {
    if (size % count !== 0) throw new RangeError(`${size} can't be split into ${count} equal parts`);
    return parts(graph, x, Array<number>(count).fill(size / count), axis);
  }
  const given = integersOf(count);
  const ends = [...given, size];
  return parts(graph, x, places === undefined ? given : ends.map((end, index) => end - (ends[index - 1] ?? 0)), axis);
};

const unstacked: OperationEmitter = (operation) => {
  const x = first(operation);
  const axis = axisOf(operation.setting('axis') ?? 0, x.shape.length);
  const ones = Array<number>(knownSize(x, axis)).fill(1);
  return parts(operation.graph, x, ones, axis).map((part) => squeeze(operation.graph, part, [axis]));
};

function knownSize(x: GraphValue, axis: number): number {
  const size = x.shape[axis] ?? -1;
  if (size === -1) throw new RangeError(`the size of axis ${axis} is known only at a request`);
  return size;
}

const tiled: OperationEmitter = (operation) => {
  const times = integersOf(operation.settingAt(1, 'repeats', 'multiples'));
  let x = first(operation);
  while (x.shape.length < times.length) x = expandDims(operation.graph, x, 0);
  const ones = Array<number>(x.shape.length - times.length).fill(1);
  return tile(operation.graph, x, [...ones, ...times]);
};

/** Each element along an axis so many times in a row. */
const repeated: OperationEmitter = (operation) => {
  const { graph } = operation;
  const x = first(operation);
  const times = integerOf(operation.settingAt(1, 'repeats'));
  const axis = axisOf(operation.settingAt(2, 'axis'), x.shape.length);
  const wide = expandDims(graph, x, axis + 1);
  const copies = tile(
    graph,
    wide,
    wide.shape.map((_, index) => (index === axis + 1 ? times : 1)),
  );
  const size = x.shape[axis] as number;
  const sizes = x.shape.map((_, index) => (index === axis ? (size === -1 ? -1 : size * times) : dimension(x, index)));
  return reshape(graph, copies, sizes);
};

const reversed: OperationEmitter = (operation) => {
  const { graph } = operation;
  const x = first(operation);
  const axes = axesOf(operation.settingAt(1, 'axis'), x.shape.length);
  // TF.js' Reverse of truth values reads four bytes for each on wasm.
  if (x.datatype !== 'BOOL') return reverse(graph, x, axes);
  return asTruth(graph, reverse(graph, cast(graph, x, 'FP32'), axes));
};

/** Along axes, by so many places towards the end; what leaves there comes back at the beginning. */
const rolled: OperationEmitter = (operation) => {
  const { graph, settingAt } = operation;
  const x = first(operation);
  const shifts = [settingAt(1, 'shift')].flat();
  const axes = axesOf(settingAt(2, 'axis') ?? [], x.shape.length);
  if (axes.length === 0) throw new RangeError('rolling all axes as one is not supported');
  return axes.reduce((value, axis, index) => {
    const size = knownSize(value, axis);
    const shift = integerOf(shifts[index] ?? shifts[0]) % size;
    const tail = shift < 0 ? shift + size : shift;
    if (tail === 0) return value;
    const [front, back] = parts(graph, value, [size - tail, tail], axis) as [GraphValue, GraphValue];
    return concat(graph, [back, front], axis);
  }, x);
};

const padded: OperationEmitter = (operation) => {
  const x = first(operation);
  const mode = String(operation.settingAt(2, 'mode') ?? 'constant').toLowerCase();
  if (mode !== 'constant') throw new RangeError(`padding '${mode}' is not supported`);
  const given = operation.settingAt(1, 'pad_width', 'paddings');
  const widths = Array.isArray(given) && Array.isArray(given[0]) ? given : x.shape.map(() => given);
  const around = widths.map((width): readonly [number, number] => {
    const [before, after] = integersOf(Array.isArray(width) ? width : [width, width]);
    return [before ?? 0, after ?? before ?? 0];
  });
  if (around.length !== x.shape.length)
    throw new RangeError(`[${x.shape}] can't be padded by ${JSON.stringify(given)}`);
  return pad(operation.graph, x, around, Number(operation.setting('constant_values') ?? 0));
};

/** Elements along an axis by their numbers; negative ones, from the end, where the file has them. */
const taken: OperationEmitter = (operation) => {
  const { graph } = operation;
  const x = first(operation);
  if ((operation.setting('batch_dims') ?? 0) !== 0) throw new RangeError('batch_dims are not supported');
  const keras3 = operation.call.layer.className.endsWith('take');
  const axis = axisOf(operation.settingAt(keras3 ? 2 : 3, 'axis') ?? (keras3 ? undefined : 0), x.shape.length);
  const given = operation.call.kwargs.indices ?? operation.call.args[1];
  if (given?.kind === 'value') return gather(graph, x, cast(graph, given.value, 'INT32'), axis);
  const indices = operation.settingAt(1, 'indices');
  const numbers = integersOf(Array.isArray(indices) ? indices : [indices]);
  const found = numbers.map((index) => (index < 0 ? index + knownSize(x, axis) : index));
  const shape = Array.isArray(indices) ? [found.length] : [];
  return gather(graph, x, graph.constant(makeTensor('INT32', shape, Int32Array.from(found)), 'indices'), axis);
};

/** float64 and float16 are computed in float32, as everywhere; all integers in int32. */
const casted: OperationEmitter = (operation) => {
  const x = first(operation);
  const dtype = String(operation.settingAt(1, 'dtype') ?? 'none');
  if (dtype.includes('bool'))
    return x.datatype === 'BOOL' ? x : comparison(operation.graph, 'NotEqual', x, zeroLike(operation.graph, x));
  if (dtype.includes('float')) return cast(operation.graph, x, 'FP32');
  if (dtype.includes('int')) return cast(operation.graph, x, 'INT32');
  throw new RangeError(`the file doesn't say to which datatype it casts ('${dtype}')`);
};

function zeroLike(graph: GraphBuilder, x: GraphValue): GraphValue {
  return scalar(graph, 0, x.datatype === 'INT32' ? 'INT32' : 'FP32');
}

const oneHotOperation: OperationEmitter = (operation) => {
  const x = operation.operand(0, 'x', 'indices');
  const depth = integerOf(operation.settingAt(1, 'num_classes', 'depth'));
  const axis = operation.setting('axis') ?? -1;
  if (axis !== -1) throw new RangeError('only axis -1 is supported');
  return oneHot(operation.graph, cast(operation.graph, x, 'INT32'), depth);
};

const alike =
  (op: 'ZerosLike' | 'OnesLike'): OperationEmitter =>
  (operation) => {
    const x = cast(operation.graph, first(operation), 'FP32');
    return operation.graph.node(op, [x], {}, { datatype: 'FP32', shape: x.shape });
  };

const shapeOf: OperationEmitter = (operation) => {
  const x = first(operation);
  const attributes = { out_type: attribute.type('INT32') };
  return operation.graph.node('Shape', [x], attributes, { datatype: 'INT32', shape: [x.shape.length] });
};

const flattened: OperationEmitter = (operation) => reshape(operation.graph, first(operation), [-1]);

export const shapeOperations: Readonly<Record<string, OperationEmitter>> = {
  reshape: reshaped,
  ravel: flattened,
  transpose: transposed,
  permute_dimensions: transposed,
  swapaxes: swapAxes,
  moveaxis: moveAxis,
  expand_dims: expanded,
  squeeze: squeezed,
  concatenate: concatenated,
  concat: concatenated,
  stack: stacked,
  split: splits,
  unstack: unstacked,
  tile: tiled,
  repeat: repeated,
  flip: reversed,
  reverse: reversed,
  pad: padded,
  roll: rolled,
  take: taken,
  gather: taken,
  cast: casted,
  one_hot: oneHotOperation,
  zeros_like: alike('ZerosLike'),
  ones_like: alike('OnesLike'),
  shape: shapeOf,
  identity: first,
  stop_gradient: first,
  copy: first,
  convert_to_tensor: first,
};
