import * as tfl from '@tensorflow/tfjs-layers';
import { columns } from '../lib/tasks/series/prepare-window.js';
import type { WindowOptions } from '../lib/tasks/series/series-scale.js';

/** The quantiles that the network gives of each step: an interval of 80 %, and its middle. */
export const quantiles = [0.1, 0.5, 0.9] as const;

/** The GRU reads a week at a time: a seventh of the steps, in training and in serving. */
const daysOfWeek = 7;

/**
 * The network of `forecast`: `series`, window × 3 as `prepareWindow` makes them → `quantiles`, horizon × 3, all in one
 * pass. A straight line from the window to the forecast, and a GRU for what is no straight line.
 */
export function createForecastNetwork({ window, horizon }: WindowOptions, seed: number): tfl.LayersModel {
  const width = horizon * quantiles.length;
  const series = tfl.input({ name: 'series', shape: [window, columns] });
  const weeks = tfl.layers.reshape({ targetShape: [window / daysOfWeek, daysOfWeek * columns] }).apply(series);
  const state = tfl.layers
    .gru({
      units: 24,
      recurrentActivation: 'sigmoid',
      kernelInitializer: tfl.initializers.glorotUniform({ seed }),
      recurrentInitializer: tfl.initializers.orthogonal({ seed: seed + 1 }),
    })
    .apply(weeks) as tfl.SymbolicTensor;
  const bend = tfl.layers
    .dense({ units: width, kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + 2 }) })
    .apply(state) as tfl.SymbolicTensor;
  const flat = tfl.layers.flatten().apply(series) as tfl.SymbolicTensor;
  const line = tfl.layers
    .dense({
      units: width,
      useBias: false,
      kernelInitializer: 'zeros',
      kernelRegularizer: tfl.regularizers.l2({ l2: 1e-3 }),
    })
    .apply(flat);
  const sum = tfl.layers.add().apply([bend, line as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
  const output = tfl.layers.reshape({ name: 'quantiles', targetShape: [horizon, quantiles.length] }).apply(sum);
  return tfl.model({ name: 'forecast', inputs: series, outputs: output as tfl.SymbolicTensor });
}
