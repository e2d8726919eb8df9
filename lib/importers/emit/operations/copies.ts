import { makeTensor } from '../../../core/tensor.js';
import { cast } from '../../graph/ops/elementwise.js';
import { dimension, expandDims, gather, pad, reshape, reverse, tile } from '../../graph/ops/shape.js';
import { asTruth } from '../score-masks.js';
import { axesOf, axisOf, firstOperand, integerOf, integersOf, knownSize, type OperationEmitter } from './operation.js';

const tiled: OperationEmitter = (operation) => {
  const times = integersOf(operation.settingAt(1, 'repeats', 'multiples'));
  let x = firstOperand(operation);
  while (x.shape.length < times.length) x = expandDims(operation.graph, x, 0);
  const ones = Array<number>(x.shape.length - times.length).fill(1);
  return tile(operation.graph, x, [...ones, ...times]);
};

/** Each element along an axis so many times in a row. */
const repeated: OperationEmitter = (operation) => {
  const { graph } = operation;
  const x = firstOperand(operation);
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
  const x = firstOperand(operation);
  const axes = axesOf(operation.settingAt(1, 'axis'), x.shape.length);
  // TF.js' Reverse of truth values reads four bytes for each on wasm.
  if (x.datatype !== 'BOOL') return reverse(graph, x, axes);
  return asTruth(graph, reverse(graph, cast(graph, x, 'FP32'), axes));
};

const padded: OperationEmitter = (operation) => {
  const x = firstOperand(operation);
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
  const x = firstOperand(operation);
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

export const copyOperations: Readonly<Record<string, OperationEmitter>> = {
  tile: tiled,
  repeat: repeated,
  flip: reversed,
  reverse: reversed,
  pad: padded,
  take: taken,
  gather: taken,
};
