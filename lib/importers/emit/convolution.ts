import * as v from 'valibot';
import { readConfig } from '../keras/read-layer.js';
import { convolve, depthwise } from './convolve.js';
import type { Emitter } from './emit.js';
import { emitProduct, readKernel } from './product.js';
import { dataFormat, perAxis, perAxisOr1, windowsOf } from './spatial.js';

const settings = (rank: number) => ({
  kernel_size: perAxis(rank),
  strides: perAxisOr1(rank),
  dilation_rate: perAxisOr1(rank),
  // Causal only where there is one axis, time.
  padding: v.optional(v.picklist(['valid', 'same', ...(rank === 1 ? (['causal'] as const) : [])]), 'valid'),
  data_format: dataFormat,
  use_bias: v.optional(v.boolean(), true),
  activation: v.optional(v.unknown()),
});

/** activation(x ⋆ kernel + bias), kernel [·, …, channels / groups, filters]. */
const emitConvolution = (rank: number): Emitter => {
  const schema = v.object({
    ...settings(rank),
    groups: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  });
  return (graph, call) => {
    const config = readConfig(call.layer, schema);
    const kernel = readKernel(call.layer, 'kernel', config.kernel_size);
    const windows = windowsOf(config.kernel_size, config.strides, config.dilation_rate);
    const product = emitProduct(graph, call, rank, config, (x) =>
      convolve(graph, x, kernel, windows, config.padding, config.groups),
    );
    return [product];
  };
};

/** activation(each channel ⋆ its own kernels + bias), kernel [·, …, channels, multiplier]; output channel c · multiplier + m. */
const emitDepthwise = (rank: number): Emitter => {
  const schema = v.object(settings(rank));
  return (graph, call) => {
    const config = readConfig(call.layer, schema);
    const kernel = readKernel(call.layer, 'kernel', config.kernel_size);
    const windows = windowsOf(config.kernel_size, config.strides, config.dilation_rate);
    const product = emitProduct(graph, call, rank, config, (x) => depthwise(graph, x, kernel, windows, config.padding));
    return [product];
  };
};

/** A depthwise convolution and one of size 1 over its channels, then bias and activation. */
const emitSeparable = (rank: number): Emitter => {
  const schema = v.object(settings(rank));
  const ones = Array<number>(rank).fill(1);
  return (graph, call) => {
    const config = readConfig(call.layer, schema);
    const kernel = readKernel(call.layer, 'depthwise_kernel', config.kernel_size);
    const pointwise = readKernel(call.layer, 'pointwise_kernel', ones);
    const windows = windowsOf(config.kernel_size, config.strides, config.dilation_rate);
    const product = emitProduct(graph, call, rank, config, (x) => {
      const { value, restore } = depthwise(graph, x, kernel, windows, config.padding);
      return convolve(graph, restore(value), pointwise, windowsOf(ones, ones), 'valid');
    });
    return [product];
  };
};

export const convolution: Readonly<Record<string, Emitter>> = {
  Conv1D: emitConvolution(1),
  Conv2D: emitConvolution(2),
  Conv3D: emitConvolution(3),
  DepthwiseConv1D: emitDepthwise(1),
  DepthwiseConv2D: emitDepthwise(2),
  SeparableConv1D: emitSeparable(1),
  SeparableConv2D: emitSeparable(2),
};
