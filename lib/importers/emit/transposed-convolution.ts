import * as v from 'valibot';
import { makeTensor, type Tensor } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { dimension, multiple, pad, reshape, transpose } from '../graph/ops/shape.js';
import { crop } from '../graph/ops/strided-slice.js';
import { type Border, reach, type Window } from '../graph/ops/window.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { convolve } from './convolve.js';
import { derivedWeight } from './derived-weight.js';
import type { Emitter } from './emit.js';
import { emitProduct, type Product, readKernel } from './product.js';
import { dataFormat, perAxis, perAxisOr1, windowsOf } from './spatial.js';

/**
 * One axis of a transposed convolution. Its output is y[o] = Σ x[i] · kernel[o + cut - stride · i]: of each `stride` outputs
 * in a row every one is a plain convolution of x with each stride-th element of the kernel. All are computed as channels
 * of one convolution, and then put in a row. TF.js' own kernel knows no dilation and is 10 to 30 times as slow on wasm.
 */
interface Axis extends Window {
  /** Elements of the kernel that one output takes in, gaps of its dilation included where the stride is above 1. */
  readonly taps: number;
  /** Around x. */
  readonly border: Border;
  /** What is too much of the rows of outputs, before and behind. */
  readonly surplus: Border;
}

/** The sizes and places that Keras gives to the output, for any size of the input. @throws RangeError */
function axisOf(window: Window, padding: 'valid' | 'same', outputPadding: number | undefined): Axis {
  const { stride } = window;
  const extent = reach(window);
  // The output's size is (input - 1) · stride + beyond.
  const beyond =
    padding === 'valid'
      ? outputPadding === undefined
        ? Math.max(extent, stride)
        : extent + outputPadding
      : outputPadding === undefined
        ? stride
        : (extent % 2) + outputPadding;
  // A convolution of stride and padding must lead back from that size to the input's, or TensorFlow refuses it.
  const back = padding === 'valid' ? beyond - extent + 1 : beyond;
  if (Math.ceil(back / stride) !== 1) {
    throw new RangeError(
      `its kernel ${window.size}, stride ${stride} and output_padding ${outputPadding} yield no size`,
    );
  }
  const cut = padding === 'valid' ? 0 : Math.floor(Math.max(0, extent - beyond) / 2);
  const taps = stride === 1 ? extent : Math.ceil(extent / stride);
  const skipped = Math.floor(cut / stride);
  const after = Math.floor((cut + beyond - 1) / stride);
  const first = cut - skipped * stride;
  const rows = (after - skipped + 1) * stride;
  return { ...window, taps, border: [taps - 1 - skipped, after], surplus: [first, rows - first - beyond] };
}

/** activation(x ⋆ᵀ kernel + bias), kernel [·, …, filters, channels]. */
const emitTransposed = (rank: number): Emitter => {
  const outputPadding = v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.length(rank));
  const schema = v.object({
    kernel_size: perAxis(rank),
    strides: perAxisOr1(rank),
    dilation_rate: perAxisOr1(rank),
    output_padding: v.nullish(outputPadding),
    padding: v.optional(v.picklist(['valid', 'same']), 'valid'),
    data_format: dataFormat,
    use_bias: v.optional(v.boolean(), true),
    activation: v.optional(v.unknown()),
    groups: v.optional(v.literal(1), 1),
  });
  return (graph, call) => {
    const config = readConfig(call.layer, schema);
    const kernel = readKernel(call.layer, 'kernel', config.kernel_size);
    const axes = windowsOf(config.kernel_size, config.strides, config.dilation_rate).map((window, axis) =>
      axisOf(window, config.padding, config.output_padding?.[axis]),
    );
    const product = emitProduct(graph, call, rank, config, (x) => {
      if (x.shape.at(-1) !== kernel.shape.at(-1)) {
        throw refused(call.layer, `a kernel of shape [${kernel.shape}] doesn't fit ${x.shape.at(-1)} channels`);
      }
      return transposed(graph, x, kernel, axes);
    });
    return [product];
  };
};

function transposed(graph: GraphBuilder, x: GraphValue, kernel: Tensor, axes: readonly Axis[]): Product {
  const none: Border = [0, 0];
  const borders = axes.map(({ border }) => border);
  const padded = borders.every(([before, after]) => before + after === 0) ? x : pad(graph, x, [none, ...borders, none]);
  const form = `transposed ${JSON.stringify(axes.map(({ stride, dilation }) => [stride, dilation]))}`;
  const phases = derivedWeight(kernel, form, (weight) => phaseKernel(weight, axes));
  // The stride has gone into the channels; a dilation without stride is the convolution's own.
  const windows = axes.map(({ stride, dilation }, axis) => ({
    size: phases.shape[axis] as number,
    stride: 1,
    dilation: stride === 1 ? dilation : 1,
  }));
  const { value, restore } = convolve(graph, padded, phases, windows, 'valid');
  const strides = axes.map(({ stride }) => stride);
  return {
    value,
    copies: strides.reduce((product, stride) => product * stride, 1),
    restore: (result) =>
      crop(graph, inARow(graph, restore(result), strides), [none, ...axes.map(({ surplus }) => surplus), none]),
  };
}

/** [n, …q, …stride · f] → [n, …(q · stride), f]. */
function inARow(graph: GraphBuilder, x: GraphValue, strides: readonly number[]): GraphValue {
  if (strides.every((stride) => stride === 1)) return x;
  const rank = strides.length;
  const filters = (x.shape.at(-1) as number) / strides.reduce((product, stride) => product * stride, 1);
  const sizes = strides.map((_, axis) => dimension(x, axis + 1));
  const [batch] = x.shape as [number];
  const apart = reshape(graph, x, [dimension(x, 0), ...sizes, ...strides, filters]);
  const order = [0, ...strides.flatMap((_, axis) => [axis + 1, axis + 1 + rank]), 2 * rank + 1];
  const rows = sizes.map((size, axis) => multiple(size, strides[axis] as number));
  return reshape(graph, transpose(graph, apart, order), [batch, ...rows, filters]);
}

/**
 * [·, …, filters, channels] → [taps, …, channels, …stride · filters]: for each phase the elements of the kernel that meet it,
 * backwards; zeros in the gaps of a dilation and beyond the kernel's end.
 */
function phaseKernel(kernel: Tensor, axes: readonly Axis[]): Tensor {
  const [filters, channels] = kernel.shape.slice(-2) as [number, number];
  const taps = axes.map(({ stride, size, taps: count }) => (stride === 1 ? size : count));
  const strides = axes.map(({ stride }) => stride);
  const phases = strides.reduce((product, stride) => product * stride, 1);
  const shape = [...taps, channels, phases * filters];
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const width = phases * filters;
  for (const [tapIndex, tap] of places(taps).entries()) {
    for (const [phaseIndex, phase] of places(strides).entries()) {
      const source = sourceOf(axes, taps, tap, phase);
      if (source === undefined) continue;
      for (let filter = 0; filter < filters; filter++) {
        for (let channel = 0; channel < channels; channel++) {
          data[(tapIndex * channels + channel) * width + phaseIndex * filters + filter] = kernel.data[
            (source * filters + filter) * channels + channel
          ] as number;
        }
      }
    }
  }
  return makeTensor('FP32', shape, data);
}

/** Which element of the kernel (counted over its spatial axes) a phase takes at a tap; undefined for a gap. */
function sourceOf(
  axes: readonly Axis[],
  taps: readonly number[],
  tap: readonly number[],
  phase: readonly number[],
): number | undefined {
  let source = 0;
  for (const [index, { size, stride, dilation }] of axes.entries()) {
    const backwards = (taps[index] as number) - 1 - (tap[index] as number);
    const place = stride === 1 ? backwards : (backwards * stride + (phase[index] as number)) / dilation;
    if (!Number.isInteger(place) || place >= size) return undefined;
    source = source * size + place;
  }
  return source;
}

/** All places of an array of these sizes, in order. */
function places(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (before, size) => before.flatMap((place) => Array.from({ length: size }, (_, index) => [...place, index])),
    [[]],
  );
}

export const transposedConvolution: Readonly<Record<string, Emitter>> = {
  Conv1DTranspose: emitTransposed(1),
  Conv2DTranspose: emitTransposed(2),
  Conv3DTranspose: emitTransposed(3),
};
