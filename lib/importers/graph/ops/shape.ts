import { elementCount, makeTensor } from '../../../core/tensor.js';
import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';

/** A size: known now, or whatever that axis of that value has at a request, perhaps several times as much. */
export type Dimension = number | { readonly of: GraphValue; readonly axis: number; readonly times?: number };

/** The size of an axis (counted from the end where negative), known or not. */
export function dimension(x: GraphValue, axis: number): Dimension {
  const index = axis < 0 ? axis + x.shape.length : axis;
  const size = x.shape[index];
  if (size === undefined) throw new RangeError(`[${x.shape}] has no axis ${axis}`);
  return size === -1 ? { of: x, axis: index } : size;
}

export function reshape(graph: GraphBuilder, x: GraphValue, sizes: readonly Dimension[]): GraphValue {
  const shape = knownSizes(x, sizes);
  const attributes = { Tshape: attribute.type('INT32') };
  return graph.node('Reshape', [x, shapeVector(graph, sizes)], attributes, { datatype: x.datatype, shape });
}

/** As `reshape`, with every size computed: where the elements don't fit, the request fails, and no -1 stretches to hold them. */
export function reshapeExactly(graph: GraphBuilder, x: GraphValue, sizes: readonly Dimension[]): GraphValue {
  const attributes = { Tshape: attribute.type('INT32') };
  const inputs = [x, exactSizes(graph, sizes)];
  return graph.node('Reshape', inputs, attributes, { datatype: x.datatype, shape: knownSizes(x, sizes) });
}

/** Sizes as an INT32 vector: a constant where at most one is unknown (then -1), else computed at the request. */
export function shapeVector(graph: GraphBuilder, sizes: readonly Dimension[]): GraphValue {
  if (sizes.filter((size) => typeof size !== 'number' || size === -1).length <= 1) {
    return integers(
      graph,
      sizes.map((size) => (typeof size === 'number' ? size : -1)),
    );
  }
  return exactSizes(graph, sizes);
}

/** Sizes as an INT32 vector without a -1. */
export function exactSizes(graph: GraphBuilder, sizes: readonly Dimension[]): GraphValue {
  const parts = sizes.map((size) => (typeof size === 'number' ? integer(graph, size) : sizeOf(graph, size)));
  const attributes = { N: attribute.int(parts.length), axis: attribute.int(0) };
  return graph.node('Pack', parts, attributes, { datatype: 'INT32', shape: [parts.length] });
}

/** A size that is known only at a request, as an INT32 scalar. */
export function sizeOf(graph: GraphBuilder, { of, axis, times = 1 }: Exclude<Dimension, number>): GraphValue {
  const shape = graph.node(
    'Shape',
    [of],
    { out_type: attribute.type('INT32') },
    { datatype: 'INT32', shape: [of.shape.length] },
  );
  const bounds = [[axis], [axis + 1], [1]].map((values) => integers(graph, values));
  const attributes = { shrink_axis_mask: attribute.int(1) };
  const size = graph.node('StridedSlice', [shape, ...bounds], attributes, { datatype: 'INT32', shape: [] });
  return times === 1 ? size : graph.node('Mul', [size, integer(graph, times)], {}, { datatype: 'INT32', shape: [] });
}

/** `times` as much of a size. */
export function multiple(size: Dimension, times: number): Dimension {
  return typeof size === 'number' ? size * times : { ...size, times: (size.times ?? 1) * times };
}

export function transpose(graph: GraphBuilder, x: GraphValue, order: readonly number[]): GraphValue {
  if (order.every((from, to) => from === to)) return x;
  const shape = order.map((axis) => x.shape[axis] as number);
  return graph.node(
    'Transpose',
    [x, integers(graph, order)],
    { Tperm: attribute.type('INT32') },
    { datatype: x.datatype, shape },
  );
}

export function concat(graph: GraphBuilder, parts: readonly GraphValue[], axis: number): GraphValue {
  const [first] = parts;
  if (first === undefined) throw new RangeError('nothing to concatenate');
  if (parts.length === 1) return first;
  const at = axis < 0 ? axis + first.shape.length : axis;
  const sizes = parts.map(({ shape }) => shape[at] as number);
  const shape = first.shape.map((_, index) => {
    if (index === at) return sizes.includes(-1) ? -1 : sizes.reduce((sum, size) => sum + size, 0);
    return parts.find((part) => part.shape[index] !== -1)?.shape[index] ?? -1;
  });
  const attributes = { N: attribute.int(parts.length), Tidx: attribute.type('INT32') };
  return graph.node('ConcatV2', [...parts, integer(graph, at)], attributes, { datatype: first.datatype, shape });
}

export function expandDims(graph: GraphBuilder, x: GraphValue, axis: number): GraphValue {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  return graph.node(
    'ExpandDims',
    [x, integer(graph, at)],
    { Tdim: attribute.type('INT32') },
    { datatype: x.datatype, shape },
  );
}

export function squeeze(graph: GraphBuilder, x: GraphValue, axes: readonly number[]): GraphValue {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const shape = x.shape.filter((_, axis) => !at.includes(axis));
  return graph.node('Squeeze', [x], { squeeze_dims: attribute.ints(at) }, { datatype: x.datatype, shape });
}

/** Part of `x`: `size` elements from `begin` on each axis; a size of -1 is all that is left. */
export function slice(
  graph: GraphBuilder,
  x: GraphValue,
  begin: readonly number[],
  size: readonly number[],
): GraphValue {
  const shape = size.map((length, axis) => {
    const whole = x.shape[axis] as number;
    return length !== -1 || whole === -1 ? length : whole - (begin[axis] as number);
  });
  const attributes = { Index: attribute.type('INT32') };
  const inputs = [x, integers(graph, begin), integers(graph, size)];
  return graph.node('Slice', inputs, attributes, { datatype: x.datatype, shape });
}

/** Puts `value` around `x`: before and after on each axis. */
export function pad(
  graph: GraphBuilder,
  x: GraphValue,
  around: readonly (readonly [number, number])[],
  value = 0,
): GraphValue {
  const shape = x.shape.map((size, axis) => {
    const [before, after] = around[axis] ?? [0, 0];
    return size === -1 ? -1 : size + before + after;
  });
  const paddings = graph.constant(makeTensor('INT32', [around.length, 2], Int32Array.from(around.flat())), 'paddings');
  const fill = graph.constant(makeTensor('FP32', [], Float32Array.of(value)), 'fill');
  return graph.node(
    'PadV2',
    [x, paddings, fill],
    { Tpaddings: attribute.type('INT32') },
    { datatype: x.datatype, shape },
  );
}

/** `x` repeated `times` on each axis. */
export function tile(graph: GraphBuilder, x: GraphValue, times: readonly number[]): GraphValue {
  const shape = x.shape.map((size, axis) => (size === -1 ? -1 : size * (times[axis] ?? 1)));
  const attributes = { Tmultiples: attribute.type('INT32') };
  return graph.node('Tile', [x, integers(graph, times)], attributes, { datatype: x.datatype, shape });
}

/** Rows of `x` along an axis, by number. */
export function gather(graph: GraphBuilder, x: GraphValue, indices: GraphValue, axis = 0): GraphValue {
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const attributes = {
    Tparams: attribute.type(x.datatype),
    Tindices: attribute.type('INT32'),
    Taxis: attribute.type('INT32'),
    batch_dims: attribute.int(0),
  };
  return graph.node('GatherV2', [x, indices, integer(graph, axis)], attributes, { datatype: x.datatype, shape });
}

export function split(graph: GraphBuilder, x: GraphValue, count: number, axis: number): GraphValue[] {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const shape = x.shape.map((size, index) => (index === at && size !== -1 ? size / count : size));
  const attributes = { num_split: attribute.int(count) };
  return graph.nodes(
    'Split',
    [integer(graph, at), x],
    { T: attribute.type(x.datatype), ...attributes },
    Array.from({ length: count }, () => ({ datatype: x.datatype, shape })),
  );
}

/** `x` backwards on these axes. */
export function reverse(graph: GraphBuilder, x: GraphValue, axes: readonly number[]): GraphValue {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  return graph.node(
    'ReverseV2',
    [x, integers(graph, at)],
    { Tidx: attribute.type('INT32') },
    { datatype: x.datatype, shape: x.shape },
  );
}

/** An INT32 vector. */
export function integers(graph: GraphBuilder, values: readonly number[]): GraphValue {
  return graph.constant(makeTensor('INT32', [values.length], Int32Array.from(values)), 'sizes');
}

/** An INT32 scalar. */
export function integer(graph: GraphBuilder, value: number): GraphValue {
  return graph.constant(makeTensor('INT32', [], Int32Array.of(value)), 'size');
}

/** What is known of a reshape's result before a request. */
function knownSizes(x: GraphValue, sizes: readonly Dimension[]): number[] {
  const known = sizes.map((size) => (typeof size === 'number' ? size : -1));
  if (x.shape.includes(-1) || known.filter((size) => size === -1).length !== 1) return known;
  const rest = elementCount(x.shape) / elementCount(known.filter((size) => size !== -1));
  return known.map((size) => (size === -1 ? rest : size));
}
