import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { pad } from './shape.js';
import { stridedSlice, whole } from './strided-slice.js';
import { type Border, borderOf, type Padding, reach, type Window, windowCount } from './window.js';

/**
 * [n, height, width, c] by a kernel [·, ·, c, filters], or for depthwise ones [·, ·, c, multiplier].
 * @param windows along height and width
 * @throws RangeError for what TF.js can't do, or where the kernel doesn't fit
 */
export function conv2d(
  graph: GraphBuilder,
  op: 'Conv2D' | 'DepthwiseConv2dNative',
  x: GraphValue,
  kernel: GraphValue,
  windows: readonly [Window, Window],
  padding: Padding,
): GraphValue {
  const channels = op === 'Conv2D' ? kernel.shape[3] : (kernel.shape[2] as number) * (kernel.shape[3] as number);
  // TF.js takes strides or dilations, not both: then every place is computed and most are left out.
  const thinned = windows.some(({ stride }) => stride > 1) && windows.some(({ dilation }) => dilation > 1);
  const { borders, padded, native } = pad2d(graph, x, windows, padding, !thinned);
  const counts = windows.map((window, axis) => {
    const length = x.shape[axis + 1] as number;
    return native ? sameCount(length, window) : windowCount(length, window, borders[axis] as Border);
  });
  const attributes = (strides: readonly number[]) => ({
    strides: attribute.ints([1, ...strides, 1]),
    dilations: attribute.ints([1, ...windows.map(({ dilation }) => dilation), 1]),
    padding: attribute.text(native ? 'SAME' : 'VALID'),
    data_format: attribute.text('NHWC'),
    explicit_paddings: attribute.ints([]),
  });
  const [batch] = x.shape;
  const result = (sizes: readonly number[]) =>
    ({ datatype: 'FP32', shape: [batch as number, ...sizes, channels as number] }) as const;
  if (!thinned) {
    const strides = windows.map(({ stride }) => stride);
    return graph.node(op, [padded, kernel], attributes(strides), result(counts));
  }
  const dense = windows.map((window, axis) =>
    windowCount(x.shape[axis + 1] as number, { ...window, stride: 1 }, borders[axis] as Border),
  );
  const everywhere = graph.node(op, [padded, kernel], attributes([1, 1]), result(dense));
  const steps = windows.map(({ stride }) => ({ ...whole, step: stride }));
  return stridedSlice(graph, everywhere, [whole, ...steps, whole]);
}

/**
 * What goes around an image before a convolution without padding of its own; or `native` where TF.js' SAME is right: not on
 * wasm for a stride beyond the kernel's reach, which XNNPACK pads otherwise than TensorFlow.
 */
function pad2d(
  graph: GraphBuilder,
  x: GraphValue,
  windows: readonly Window[],
  padding: Padding,
  mayBeNative: boolean,
): { borders: readonly Border[]; padded: GraphValue; native: boolean } {
  if (padding === 'same' && mayBeNative && windows.every((window) => reach(window) >= window.stride)) {
    return { borders: [], padded: x, native: true };
  }
  const borders = windows.map((window, axis) => {
    const border = borderOf(x.shape[axis + 1] as number, window, padding);
    if (border === undefined) {
      throw new RangeError(
        `its stride ${window.stride} and kernel ${reach(window)} with padding 'same' need an input of known size; set it in the Input`,
      );
    }
    return border;
  });
  const none = borders.every(([before, after]) => before === 0 && after === 0);
  return { borders, padded: none ? x : pad(graph, x, [[0, 0], ...borders, [0, 0]]), native: false };
}

function sameCount(length: number, { stride }: Window): number {
  return length === -1 ? -1 : Math.ceil(length / stride);
}
