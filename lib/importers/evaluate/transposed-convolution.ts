import { ModeletError } from '../../core/errors.js';
import { elementCount } from '../../core/tensor.js';
import { type NdArray, ndArray, zeros } from './array.js';
import { convolutional } from './convolution.js';
import type { LayerFunction } from './evaluate.js';
import { weightOf } from './layer-weights.js';
import { type ConfigReader, wrongField } from './read-config.js';
import { slideWindow, type Window } from './window.js';

/** Transposed convolutions ("deconvolutions"), with a bias and an activation. */
export const transposedConvolutions: Record<string, LayerFunction> = {
  Conv1DTranspose: transposedConvolution(1),
  Conv2DTranspose: transposedConvolution(2),
  Conv3DTranspose: transposedConvolution(3),
};

/** kernel is [...window, filters, channels]: the two are the other way round than in a convolution. */
function transposedConvolution(rank: number): LayerFunction {
  return (call) =>
    convolutional(call, rank, (x, config, window) => {
      const { name } = call.layer;
      const kernel = weightOf(call.layer, 'kernel', [...window.size, config.size('filters'), x.shape.at(-1) ?? 1]);
      return spread(x, kernel, window, outputSizes(x.shape.slice(1, -1), config, window, name), name);
    });
}

/**
 * Keras' output size for an input of n, with e = (size - 1) · dilation + 1: same: n · stride, or with output_padding
 * (n - 1) · stride + e mod 2 + output_padding; valid: (n - 1) · stride + max(e, stride), or with output_padding
 * (n - 1) · stride + e + output_padding.
 */
function outputSizes(spatial: readonly number[], config: ConfigReader, window: Window, layerName: string): number[] {
  const given = config.has('output_padding') ? config.integers('output_padding', spatial.length) : undefined;
  if (given?.some((extra, axis) => extra < 0 || extra >= (window.strides[axis] ?? 1))) {
    throw wrongField(layerName, 'output_padding', `from 0 up and less than strides, [${window.strides}]`, given);
  }
  if (window.padding === 'causal') throw wrongField(layerName, 'padding', 'valid or same', 'causal');
  return spatial.map((n, axis) => {
    const [size, stride, dilation] = [window.size[axis] ?? 1, window.strides[axis] ?? 1, window.dilation[axis] ?? 1];
    const extent = (size - 1) * dilation + 1;
    const extra = given?.[axis];
    if (window.padding === 'same') {
      return extra === undefined ? n * stride : (n - 1) * stride + (extent % 2) + extra;
    }
    return (n - 1) * stride + (extra === undefined ? Math.max(extent, stride) : extent + extra);
  });
}

/**
 * The transpose of the convolution that leads from the output's sizes to the input's: where that one gathers from position q to
 * p by tap t, this one adds x[p] · kernel[t] to y[q].
 * @param kernel [...window, filters, channels]
 */
function spread(x: NdArray, kernel: NdArray, window: Window, sizes: readonly number[], layerName: string): NdArray {
  const taps = slideWindow(sizes, window, layerName);
  const [spatial, channels] = [x.shape.slice(1, -1), x.shape.at(-1) ?? 1];
  if (taps.shape.join() !== spatial.join()) {
    const problem = `no convolution leads from [${sizes}] to its input [${spatial}]`;
    throw new ModeletError('INVALID_INPUT', `layer '${layerName}': ${problem}; correct output_padding`);
  }
  const filters = kernel.shape.at(-2) ?? 1;
  const shape = [x.shape[0] ?? 1, ...sizes, filters];
  const [source, weights, target] = [x.data, kernel.data, zeros(shape)];
  const [inSize, outSize] = [elementCount(spatial) * channels, elementCount(sizes) * filters];
  for (let example = 0; example < (x.shape[0] ?? 1); example++) {
    for (let i = 0; i < taps.tap.length; i++) {
      const from = example * inSize + (taps.outer[i] as number) * channels;
      const to = example * outSize + (taps.inner[i] as number) * filters;
      const tap = (taps.tap[i] as number) * filters * channels;
      for (let f = 0; f < filters; f++) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel++) {
          sum += (source[from + channel] as number) * (weights[tap + f * channels + channel] as number);
        }
        target[to + f] = (target[to + f] as number) + sum;
      }
    }
  }
  return ndArray(shape, target);
}
