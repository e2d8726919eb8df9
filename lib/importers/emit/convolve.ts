import { makeTensor, type Tensor } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { conv2d } from '../graph/ops/convolution.js';
import { concat, pad, split } from '../graph/ops/shape.js';
import { type Span, stridedSlice, whole } from '../graph/ops/strided-slice.js';
import { type Border, borderOf, type Padding, reach, type Window } from '../graph/ops/window.js';
import { derivedWeight } from './derived-weight.js';
import type { Product } from './product.js';
import { asRow, asSlices, fromRow, fromSlices, rowWindow } from './spatial.js';

/**
 * Cross-correlation over one to three axes, [n, …spatial, c] by [·, …, c / groups, filters], as one Conv2D for each group.
 * @throws RangeError for what doesn't fit together
 */
export function convolve(
  graph: GraphBuilder,
  x: GraphValue,
  kernel: Tensor,
  windows: readonly Window[],
  padding: Padding,
  groups = 1,
): Product {
  const channels = x.shape.at(-1) as number;
  const [perGroup, filters] = kernel.shape.slice(-2) as [number, number];
  if (channels !== perGroup * groups || filters % groups !== 0) {
    throw new RangeError(`a kernel of shape [${kernel.shape}] and ${groups} groups doesn't fit ${channels} channels`);
  }
  if (groups > 1 && perGroup === 1 && windows.length < 3) {
    return depthwise(graph, x, asDepthwise(kernel, channels), windows, padding);
  }
  if (groups === 1) return inTwoDimensions(graph, x, kernel, windows, padding);
  const products = split(graph, x, groups, -1).map((part, group) =>
    inTwoDimensions(graph, part, filtersOf(kernel, group, groups), windows, padding),
  );
  const [first] = products as [Product];
  const value = concat(
    graph,
    products.map((product) => product.value),
    -1,
  );
  return { value, restore: first.restore };
}

/** Each channel by itself: [n, …spatial, c] by [·, …, c, multiplier], over one axis or two. */
export function depthwise(
  graph: GraphBuilder,
  x: GraphValue,
  kernel: Tensor,
  windows: readonly Window[],
  padding: Padding,
): Product {
  if (x.shape.at(-1) !== kernel.shape.at(-2)) {
    throw new RangeError(`a kernel of shape [${kernel.shape}] doesn't fit ${x.shape.at(-1)} channels`);
  }
  return planar(graph, 'DepthwiseConv2dNative', x, kernel, windows, padding);
}

function inTwoDimensions(
  graph: GraphBuilder,
  x: GraphValue,
  kernel: Tensor,
  windows: readonly Window[],
  padding: Padding,
): Product {
  const [depth, height, width] = windows;
  if (depth === undefined || height === undefined || width === undefined) {
    return planar(graph, 'Conv2D', x, kernel, windows, padding);
  }
  // Volumes: the slices that a window takes in side by side as channels. TF.js' own Conv3D is 40 times as slow on wasm.
  const columns = besideEachOther(graph, x, depth, padding);
  const flat = graph.constant(derivedWeight(kernel, 'slices as channels', slicesAsChannels), 'kernel');
  const value = conv2d(graph, 'Conv2D', asSlices(graph, columns), flat, [height, width], padding);
  return { value, restore: (result) => fromSlices(graph, result, columns) };
}

/** Sequences as rows of images. */
function planar(
  graph: GraphBuilder,
  op: 'Conv2D' | 'DepthwiseConv2dNative',
  x: GraphValue,
  kernel: Tensor,
  windows: readonly Window[],
  padding: Padding,
): Product {
  const [first = rowWindow, second] = windows;
  if (second === undefined) {
    const asImage = (weight: Tensor) => makeTensor('FP32', [1, ...weight.shape], weight.data);
    const flat = graph.constant(derivedWeight(kernel, 'as image', asImage), 'kernel');
    const value = conv2d(graph, op, asRow(graph, x), flat, [rowWindow, first], padding);
    return { value, restore: (result) => fromRow(graph, result) };
  }
  const value = conv2d(graph, op, x, graph.constant(kernel, 'kernel'), [first, second], padding);
  return { value, restore: (result) => result };
}

/** [n, depth, h, w, c] → [n, windows, h, w, size · c]. */
function besideEachOther(graph: GraphBuilder, x: GraphValue, window: Window, padding: Padding): GraphValue {
  const border = borderOf(x.shape[1] as number, window, padding);
  if (border === undefined)
    throw new RangeError("a stride and padding 'same' need an input of known depth; set it in the Input");
  const none: Border = [0, 0];
  const padded = border[0] + border[1] === 0 ? x : pad(graph, x, [none, border, none, none, none]);
  const parts = Array.from({ length: window.size }, (_, place) => {
    const skip = place * window.dilation;
    const span: Span = { skip, leave: reach(window) - 1 - skip, step: window.stride };
    return stridedSlice(graph, padded, [whole, span, whole, whole, whole]);
  });
  return concat(graph, parts, -1);
}

/** [depth, h, w, c, filters] → [h, w, depth · c, filters]. */
function slicesAsChannels({ shape, data }: Tensor): Tensor {
  const [depth, height, width, channels, filters] = shape as [number, number, number, number, number];
  const flat = new Float32Array(data.length);
  const row = channels * filters;
  const places = height * width;
  for (let slice = 0; slice < depth; slice++) {
    for (let place = 0; place < places; place++) {
      const from = (slice * places + place) * row;
      flat.set((data as Float32Array).subarray(from, from + row), (place * depth + slice) * row);
    }
  }
  return makeTensor('FP32', [height, width, depth * channels, filters], flat);
}

/** A grouped kernel whose groups have one channel each is a depthwise one: [·, …, 1, c · m] → [·, …, c, m]. */
function asDepthwise(kernel: Tensor, channels: number): Tensor {
  return derivedWeight(kernel, 'depthwise', ({ shape, data }) => {
    const multiplier = (shape.at(-1) as number) / channels;
    return makeTensor('FP32', [...shape.slice(0, -2), channels, multiplier], data);
  });
}

/** The part of a kernel that yields a group's filters. */
function filtersOf(kernel: Tensor, group: number, groups: number): Tensor {
  return derivedWeight(kernel, `group ${group} of ${groups}`, ({ shape, data }) => {
    const filters = shape.at(-1) as number;
    const size = filters / groups;
    const part = new Float32Array(data.length / groups);
    for (let row = 0; row < data.length / filters; row++) {
      const from = row * filters + group * size;
      part.set((data as Float32Array).subarray(from, from + size), row * size);
    }
    return makeTensor('FP32', [...shape.slice(0, -1), size], part);
  });
}
