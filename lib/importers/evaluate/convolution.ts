import { ModeletError } from '../../core/errors.js';
import { elementCount } from '../../core/tensor.js';
import { kerasMajor } from '../keras/keras-version.js';
import { activate } from './activations.js';
import { addProduct } from './add-product.js';
import { type NdArray, ndArray, zeros } from './array.js';
import { channelsLast, isChannelsFirst } from './channels-last.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightOf } from './layer-weights.js';
import { type ConfigReader, readConfig } from './read-config.js';
import { convolutionWindow, slideWindow, type Window } from './window.js';

/** Convolutions, with `rank` spatial axes, a bias and an activation. */
export const convolutions: Record<string, LayerFunction> = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  DepthwiseConv1D: depthwiseConvolution(1),
  DepthwiseConv2D: depthwiseConvolution(2),
  SeparableConv1D: separableConvolution(1),
  SeparableConv2D: separableConvolution(2),
};

/** kernel is [...window, channels / groups, filters]: filter f sees only the channels of its group, ⌊f · groups / filters⌋. */
function convolution(rank: number): LayerFunction {
  return (call) =>
    convolutional(call, rank, (x, config, window) => {
      const [groups, channels] = [config.integer('groups', 1), x.shape.at(-1) ?? 1];
      const filters = config.size('filters');
      if (groups < 1 || channels % groups !== 0 || filters % groups !== 0) {
        const problem = `${groups} groups don't divide ${channels} channels into ${filters} filters`;
        throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': ${problem}; correct groups`);
      }
      const kernel = weightOf(call.layer, 'kernel', [...window.size, channels / groups, filters]);
      return convolve(x, kernel, window, groups, call.layer.name);
    });
}

/** kernel is [...window, channels, multiplier]: each channel has `multiplier` filters of its own, side by side in the output. */
function depthwiseConvolution(rank: number): LayerFunction {
  return (call) =>
    convolutional(call, rank, (x, _config, window) => {
      const [name] = ['kernel', 'depthwise_kernel'].filter((candidate) => call.layer.weights.has(candidate));
      return depthwise(call, x, window, name ?? 'kernel');
    });
}

/** A depthwise convolution, then one of window size 1 over all its channels. */
function separableConvolution(rank: number): LayerFunction {
  return (call) =>
    convolutional(call, rank, (x, config, window) => {
      const deep = depthwise(call, x, window, 'depthwise_kernel');
      const ones = Array<number>(rank).fill(1);
      const shape = [...ones, deep.shape.at(-1) ?? 1, config.size('filters')];
      const pointwise = weightOf(call.layer, 'pointwise_kernel', shape);
      return convolve(
        deep,
        pointwise,
        { size: ones, strides: ones, dilation: ones, padding: 'valid' },
        1,
        call.layer.name,
      );
    });
}

/** A grouped convolution with a group for each channel: the two kernels lie the same way in memory. */
function depthwise(call: EvaluateCall, x: NdArray, window: Window, weightName: string): NdArray {
  const channels = x.shape.at(-1) ?? 1;
  const kernel = weightOf(call.layer, weightName, [...window.size, channels, -1]);
  const grouped = ndArray([...window.size, 1, channels * (kernel.shape.at(-1) ?? 1)], kernel.data);
  return convolve(x, grouped, window, channels, call.layer.name);
}

/** What all convolutions share: the channel order, the bias of one number a filter, the activation. */
export function convolutional(
  call: EvaluateCall,
  rank: number,
  compute: (x: NdArray, config: ConfigReader, window: Window) => NdArray,
): NdArray[] {
  const { layer } = call;
  const config = readConfig(layer);
  const window = convolutionWindow(config, rank);
  const filtered = channelsLast(firstInput(call, rank + 2), config, (x) => {
    const result = compute(x, config, window);
    if (!config.flag('use_bias', true)) return result;
    const filters = result.shape.at(-1) ?? 1;
    if (isChannelsFirst(config)) refuseAmbiguousBias(call, result, filters);
    const bias = weightOf(layer, 'bias', [filters]).data;
    return ndArray(
      result.shape,
      result.data.map((value, i) => value + (bias[i % filters] ?? 0)),
    );
  });
  return [activate(layer.config.activation, filtered, layer.name)];
}

/**
 * Where the channels come first and the last axis is as long as there are filters, Keras 3 on TensorFlow adds the bias along that
 * last axis (it takes any vector of that length for one of channels-last data); on its other backends, and in Keras 2, along the
 * filters. No file says which backend was meant.
 */
function refuseAmbiguousBias(call: EvaluateCall, result: NdArray, filters: number): void {
  if (kerasMajor(call.kerasVersion) < 3 || filters === 1 || result.shape.at(-2) !== filters) return;
  const problem = `Keras' backends disagree about a bias of ${filters} where the last axis is as long`;
  throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': ${problem}; use channels_last`);
}

/**
 * y[n, p, f] = Σ over taps t and channels c of f's group: x[n, p · stride + t · dilation - padding, c] · kernel[t, c, f]
 * @param x [batch, ...spatial, channels]
 * @param kernel [...window, channels / groups, filters]
 */
function convolve(x: NdArray, kernel: NdArray, window: Window, groups: number, layerName: string): NdArray {
  const [spatial, channels] = [x.shape.slice(1, -1), x.shape.at(-1) ?? 1];
  const taps = slideWindow(spatial, window, layerName);
  const [inGroup = 1, filters = 1] = kernel.shape.slice(-2);
  const ofGroup = filters / groups;
  const shape = [x.shape[0] ?? 1, ...taps.shape, filters];
  const [source, weights, target] = [x.data, kernel.data, zeros(shape)];
  const [inSize, outSize] = [elementCount(spatial) * channels, elementCount(taps.shape) * filters];
  for (let example = 0; example < (x.shape[0] ?? 1); example++) {
    for (let i = 0; i < taps.tap.length; i++) {
      const from = example * inSize + (taps.inner[i] as number) * channels;
      const to = example * outSize + (taps.outer[i] as number) * filters;
      const tap = (taps.tap[i] as number) * inGroup * filters;
      if (inGroup === 1) {
        // Depthwise, where groups are many and small: all of them in one loop.
        for (let f = 0; f < filters; f++) {
          const value = source[from + Math.floor(f / ofGroup)] as number;
          target[to + f] = (target[to + f] as number) + value * (weights[tap + f] as number);
        }
        continue;
      }
      for (let group = 0; group < groups; group++) {
        const cell = to + group * ofGroup;
        const channel = from + group * inGroup;
        addProduct(target, cell, ofGroup, source, channel, inGroup, weights, tap + group * ofGroup, filters);
      }
    }
  }
  return ndArray(shape, target);
}
