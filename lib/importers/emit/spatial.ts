import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { cast } from '../graph/ops/elementwise.js';
import { type Dimension, dimension, expandDims, reshape, squeeze, transpose } from '../graph/ops/shape.js';
import type { Window } from '../graph/ops/window.js';
import { refused } from '../keras/read-layer.js';
import { type EmitCall, onlyInput } from './emit.js';

// What layers over images, volumes and sequences have in common. TF.js' kernels take [n, height, width, channels] only.

export const dataFormat = v.optional(v.picklist(['channels_last', 'channels_first']), 'channels_last');

/** One whole number from 1 for each spatial axis. */
export const perAxis = (rank: number) =>
  v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), v.length(rank));

/** The same, 1 where the file doesn't say. */
export const perAxisOr1 = (rank: number) => v.optional(perAxis(rank), Array<number>(rank).fill(1));

/** A layer's input as FP32. @throws INVALID_INPUT unless it has `rank` spatial axes beside batch and channels */
export function spatialInput(graph: GraphBuilder, call: EmitCall, rank: number): GraphValue {
  const x = onlyInput(call);
  if (x.shape.length !== rank + 2) {
    throw refused(call.layer, `its input is [${x.shape}], where ${rank + 2} axes are expected`);
  }
  const { node, datatype, shape } = cast(graph, x, 'FP32');
  return { node, datatype, shape };
}

/** Applies something that knows channels last to an input of either format. */
export function inChannelsLast(
  graph: GraphBuilder,
  x: GraphValue,
  format: 'channels_last' | 'channels_first',
  apply: (x: GraphValue) => GraphValue,
): GraphValue {
  if (format === 'channels_last') return apply(x);
  const axes = x.shape.slice(2).map((_, axis) => axis + 2);
  const result = apply(transpose(graph, x, [0, ...axes, 1]));
  const last = result.shape.length - 1;
  return transpose(graph, result, [0, last, ...axes.map((axis) => axis - 1)]);
}

/** A sequence [n, time, c] as images [n, 1, time, c]. */
export function asRow(graph: GraphBuilder, x: GraphValue): GraphValue {
  return expandDims(graph, x, 1);
}

export function fromRow(graph: GraphBuilder, x: GraphValue): GraphValue {
  return squeeze(graph, x, [1]);
}

/** What a row of a single element, as `asRow` makes, adds to a kernel. */
export const rowWindow: Window = { size: 1, stride: 1, dilation: 1 };

/** A volume [n, depth, height, width, c] as images [n · depth, height, width, c]. */
export function asSlices(graph: GraphBuilder, x: GraphValue): GraphValue {
  return reshape(graph, x, [-1, ...[2, 3, 4].map((axis) => dimension(x, axis))]);
}

/** The volume that `slices` belong to, with the depth of `like`. */
export function fromSlices(graph: GraphBuilder, slices: GraphValue, like: GraphValue): GraphValue {
  const sizes: Dimension[] = [1, 2, 3].map((axis) => dimension(slices, axis));
  return reshape(graph, slices, [like.shape[0] as number, dimension(like, 1), ...sizes]);
}

/** The windows of a layer along its spatial axes. */
export function windowsOf(
  sizes: readonly number[],
  strides: readonly number[],
  dilations: readonly number[] = sizes.map(() => 1),
): Window[] {
  return sizes.map((size, axis) => ({
    size,
    stride: strides[axis] as number,
    dilation: dilations[axis] as number,
  }));
}
