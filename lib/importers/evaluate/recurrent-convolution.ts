import type { Tensor } from '../../core/tensor.js';
import type { KerasLayer } from '../keras/keras-model.js';
import type { NdArray } from './array.js';
import { transpose } from './axes.js';
import { isChannelsFirst } from './channels-last.js';
import { convolutions } from './convolution.js';
import { weightOf } from './layer-weights.js';
import { readConfig } from './read-config.js';
import { type Cell, lstmStep, plus } from './recurrent-cells.js';

/**
 * The cell of ConvLSTM: an LSTM whose products are convolutions. That of the input has the layer's padding, strides, dilation and
 * bias; that of the state has padding `same` and stride 1. Both compute all four gates at once, in the order i, f, ĉ, o.
 * @param sample a step of the input, from which the state's spatial sizes follow
 */
export function convLstmCell(layer: KerasLayer, sample: NdArray, rank: number, kerasVersion: string): Cell {
  const config = readConfig(layer);
  const first = isChannelsFirst(config);
  const filters = 4 * config.size('filters');
  const toLast = (x: NdArray) => (first ? transpose(x, [0, ...range(2, rank + 2), 1]) : x);
  const toFirst = (x: NdArray) => (first ? transpose(x, [0, rank + 1, ...range(1, rank + 1)]) : x);
  const convolve = (x: NdArray, weight: string, settings: Record<string, unknown>): NdArray => {
    weightOf(layer, weight, Array(rank + 2).fill(-1));
    const weights = new Map([...layer.weights, ['kernel', layer.weights.get(weight) as Tensor]]);
    const changed = { ...layer.config, filters, activation: 'linear', data_format: 'channels_last', ...settings };
    const convolution = { ...layer, className: `Conv${rank}D`, config: changed, weights };
    const call = { layer: convolution, args: [], kwargs: {}, inputs: [x], kerasVersion };
    return convolutions[`Conv${rank}D`]?.(call)[0] as NdArray;
  };
  const ones = Array<number>(rank).fill(1);
  const recurrent = { padding: 'same', strides: ones, dilation_rate: ones, use_bias: false };
  const inputSums = (x: NdArray) => convolve(toLast(x), 'kernel', {});
  const spatial = inputSums(sample).shape.slice(1, -1);
  const state = first ? [filters / 4, ...spatial] : [...spatial, filters / 4];
  return {
    states: [state, state],
    step: (x, [h, c]) => {
      const sums = plus(inputSums(x), convolve(toLast(h as NdArray), 'recurrent_kernel', recurrent));
      const { output, states } = lstmStep(layer, sums, toLast(c as NdArray));
      return { output: toFirst(output), states: states.map(toFirst) };
    },
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
