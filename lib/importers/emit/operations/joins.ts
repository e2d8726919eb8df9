import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { concat, expandDims, slice, squeeze } from '../../graph/ops/shape.js';
import {
  axesOf,
  axisOf,
  firstOperand,
  integerOf,
  integersOf,
  knownSize,
  type OperationEmitter,
  promoted,
} from './operation.js';

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
  const x = firstOperand(operation);
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
  const x = firstOperand(operation);
  const axis = axisOf(operation.setting('axis') ?? 0, x.shape.length);
  const ones = Array<number>(knownSize(x, axis)).fill(1);
  return parts(operation.graph, x, ones, axis).map((part) => squeeze(operation.graph, part, [axis]));
};

/** Along axes, by so many places towards the end; what leaves there comes back at the beginning. */
const rolled: OperationEmitter = (operation) => {
  const { graph, settingAt } = operation;
  const x = firstOperand(operation);
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

export const joinOperations: Readonly<Record<string, OperationEmitter>> = {
  concatenate: concatenated,
  concat: concatenated,
  stack: stacked,
  split: splits,
  unstack: unstacked,
  roll: rolled,
};
