import { elementCount } from '../../core/tensor.js';
import { activate } from './activations.js';
import { addProduct } from './add-product.js';
import { type NdArray, ndArray } from './array.js';
import type { LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightOf } from './layer-weights.js';
import { readConfig, wrongField } from './read-config.js';
import { convolutionWindow, slideWindow } from './window.js';

/** Keras 2's convolutions that have weights of their own at each position. */
export const locallyConnected: Record<string, LayerFunction> = {
  LocallyConnected1D: locallyConnectedLayer(1),
  LocallyConnected2D: locallyConnectedLayer(2),
};

/**
 * y[n, p, f] = Σ over taps t and channels c: x[n, p · stride + t, c] · kernel[p, t · channels + c, f] + bias[p, f]. Of Keras' three
 * ways to keep the weights this is `implementation` 1, the default; the others are refused.
 */
function locallyConnectedLayer(rank: number): LayerFunction {
  return (call) => {
    const { layer } = call;
    const config = readConfig(layer);
    config.choice('data_format', ['channels_last'], 'channels_last');
    config.choice('padding', ['valid'], 'valid');
    if (config.integer('implementation', 1) !== 1)
      throw wrongField(layer.name, 'implementation', '1', layer.config.implementation);
    const x = firstInput(call, rank + 2);
    const [batch = 1, channels = 1] = [x.shape[0], x.shape.at(-1)];
    const window = convolutionWindow(config, rank);
    const taps = slideWindow(x.shape.slice(1, -1), window, layer.name);
    const filters = config.size('filters');
    const [positions, cells] = [elementCount(taps.shape), elementCount(x.shape.slice(1, -1))];
    const rows = elementCount(window.size) * channels;
    const kernel = weightOf(layer, 'kernel', [positions, rows, filters]).data;
    const result: NdArray = ndArray([batch, ...taps.shape, filters]);
    for (let example = 0; example < batch; example++) {
      for (const [i, tap] of taps.tap.entries()) {
        const [position = 0, cell = 0] = [taps.outer[i], taps.inner[i]];
        const target = (example * positions + position) * filters;
        const source = (example * cells + cell) * channels;
        const weights = (position * rows + tap * channels) * filters;
        addProduct(result.data, target, filters, x.data, source, channels, kernel, weights, filters);
      }
    }
    if (config.flag('use_bias', true)) {
      const bias = weightOf(layer, 'bias', [...taps.shape, filters]).data;
      result.data.forEach((value, i) => {
        result.data[i] = value + (bias[i % bias.length] ?? 0);
      });
    }
    return [activate(layer.config.activation, result, layer.name)];
  };
}
