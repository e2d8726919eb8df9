import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Manifest } from '../lib/core/manifest.js';
import { makeTensor } from '../lib/core/tensor.js';
import type { Example } from '../lib/publishing/prove.js';
import { publishModel } from '../lib/publishing/publish-model.js';
import type { Registry } from '../lib/registry/registry.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import { forecast } from '../lib/tasks/forecast.js';
import { columns, prepareWindow } from '../lib/tasks/series/prepare-window.js';
import { dailyWindow } from './forecast-data.js';
import { quantiles } from './forecast-network.js';
import { importNetwork } from './import-network.js';
import { syntheticSeries } from './synthetic-series.js';

/**
 * Publishes the network with its window, season and level. Beside the evaluator's, its golden output is what the layers model says
 * on tfjs-node: other code on another engine than the graph that is served.
 */
export async function publishForecast(
  registry: Registry,
  model: tfl.LayersModel,
  metrics: Manifest['metrics'] = {},
): Promise<Manifest> {
  const [low, , high] = quantiles;
  const example = goldenExample(model);
  return publishModel(registry, await importNetwork(model), {
    name: 'forecast',
    about: {
      description:
        'Time series of any scale, made for daily ones: the last eight weeks or more → the next 1 to 14 values in one pass, ' +
        'each with an interval of 80 %; two years or more tell it what the season brings',
      licence: 'Apache-2.0; trained on daily minimum temperatures in Melbourne, 1981–1988 (no licence stated)',
      metrics,
    },
    task: { name: forecast.name, options: { ...dailyWindow, level: Number((high - low).toFixed(3)) } },
    tasks: [forecast],
    golden: { by: 'tfjs-layers on tfjs-node 4.22.0', example },
    openEngine,
    backend: 'wasm',
    onStage: () => undefined,
  });
}

/** A series of ours, prepared as a request's would be: a manifest is no place for a part of the data set. */
function goldenExample(model: tfl.LayersModel): Example {
  const { window, horizon } = dailyWindow;
  const { values } = prepareWindow(syntheticSeries(3 * dailyWindow.season), dailyWindow);
  const shape = [1, window, columns];
  const output = tf.tidy(() => (model.predict(tf.tensor(values, shape)) as tf.Tensor).dataSync());
  return {
    inputs: new Map([['series', makeTensor('FP32', shape, values)]]),
    outputs: new Map([['quantiles', makeTensor('FP32', [1, horizon, 3], Float32Array.from(output))]]),
  };
}
