import * as attribute from '../../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { cast } from '../../graph/ops/elementwise.js';
import { type Dimension, expandDims, integer, reshape, squeeze, transpose } from '../../graph/ops/shape.js';
import type { Resolved } from '../../keras/walk.js';
import { axesOf, axisOf, firstOperand, integerOf, integersOf, type OperationEmitter } from './operation.js';

/** To sizes with at most one -1; a size may be a number that the model computes. */
const reshaped: OperationEmitter = (operation) => {
  const { graph, call } = operation;
  const x = firstOperand(operation);
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
  const x = firstOperand(operation);
  const backwards = x.shape.map((_, axis) => axis).reverse();
  const order = operation.settingAt(1, 'axes', 'perm', 'pattern') ?? backwards;
  return transpose(operation.graph, x, axesOf(order, x.shape.length));
};

const swapAxes: OperationEmitter = (operation) => {
  const x = firstOperand(operation);
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
  const x = firstOperand(operation);
  const [from, to] = [operation.settingAt(1, 'source'), operation.settingAt(2, 'destination')].map((axes) =>
    axesOf(axes ?? [], x.shape.length),
  ) as [number[], number[]];
  const order = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const moves = from.map((axis, index) => [to[index] ?? 0, axis] as const).sort(([a], [b]) => a - b);
  for (const [place, axis] of moves) order.splice(place, 0, axis);
  return transpose(operation.graph, x, order);
};

const expanded: OperationEmitter = (operation) => {
  const x = firstOperand(operation);
  const given = operation.settingAt(1, 'axis', 'dim') ?? -1;
  const axes = integersOf(Array.isArray(given) ? given : [given]);
  const rank = x.shape.length + axes.length;
  const places = axes.map((axis) => axisOf(axis, rank)).sort((a, b) => a - b);
  return places.reduce((value, axis) => expandDims(operation.graph, value, axis), x);
};

const squeezed: OperationEmitter = (operation) => {
  const x = firstOperand(operation);
  const given = operation.settingAt(1, 'axis', 'squeeze_dims');
  const ones = x.shape.map((_, axis) => axis).filter((axis) => x.shape[axis] === 1);
  const axes = given === undefined || given === null ? ones : axesOf(given, x.shape.length);
  if (axes.some((axis) => x.shape[axis] !== 1)) throw new RangeError(`axes ${axes} of [${x.shape}] are not all 1`);
  return squeeze(operation.graph, x, axes);
};

const shapeOf: OperationEmitter = (operation) => {
  const x = firstOperand(operation);
  const attributes = { out_type: attribute.type('INT32') };
  return operation.graph.node('Shape', [x], attributes, { datatype: 'INT32', shape: [x.shape.length] });
};

const flattened: OperationEmitter = (operation) => reshape(operation.graph, firstOperand(operation), [-1]);

export const shapeOperations: Readonly<Record<string, OperationEmitter>> = {
  reshape: reshaped,
  ravel: flattened,
  transpose: transposed,
  permute_dimensions: transposed,
  swapaxes: swapAxes,
  moveaxis: moveAxis,
  expand_dims: expanded,
  squeeze: squeezed,
  shape: shapeOf,
};
