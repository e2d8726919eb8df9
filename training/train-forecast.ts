import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, permutation, type Random } from '../lib/core/random.js';
import { columns, prepareWindow } from '../lib/tasks/series/prepare-window.js';
import type { WindowOptions } from '../lib/tasks/series/series-scale.js';
import { quantiles } from './forecast-network.js';
import { setCosineRate } from './learning-rate.js';

const batchSize = 64;
const learningRate = { first: 7e-4, last: 1e-5 };
/** Share of the windows that are shown without what is usual, as a short history comes. */
const seasonless = 0.25;

/** Windows of a series, normalised, with the values that followed. */
export interface Windows {
  readonly count: number;
  /** [count, window, columns] */
  readonly inputs: Float32Array;
  /** [count, horizon] */
  readonly targets: Float32Array;
}

/** All windows whose forecast lies in [start, end). */
export function makeWindows(values: Float64Array, start: number, end: number, options: WindowOptions): Windows {
  const { window, horizon } = options;
  const first = Math.max(start, window);
  const count = end - horizon - first + 1;
  const inputs = new Float32Array(count * window * columns);
  const targets = new Float32Array(count * horizon);
  for (let row = 0; row < count; row++) {
    const now = first + row;
    const { values: input, scale } = prepareWindow(values.subarray(0, now), options);
    inputs.set(input, row * window * columns);
    for (let step = 0; step < horizon; step++) {
      targets[row * horizon + step] = ((values[now + step] as number) - scale.location) / scale.spread;
    }
  }
  return { count, inputs, targets };
}

/**
 * The windows of each season with all others as its history: the seasons are turned until it is the last. In order, early ones
 * would have a history of a year or none, and the network would learn to mistrust what is usual.
 */
export function makeTurnedWindows(values: Float64Array, options: WindowOptions): Windows {
  const { window, season } = options;
  const parts: Windows[] = [];
  for (let turn = season; turn <= values.length; turn += season) {
    const turned = Float64Array.from([...values.subarray(turn), ...values.subarray(0, turn)]);
    // What comes before the first season is no past of its own: its windows start within it.
    const start = turned.length - season + (turn === season ? window : 0);
    parts.push(makeWindows(turned, start, turned.length, options));
  }
  return joinWindows(parts);
}

export function joinWindows(parts: readonly Windows[]): Windows {
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    inputs: Float32Array.from(parts.flatMap(({ inputs }) => [...inputs])),
    targets: Float32Array.from(parts.flatMap(({ targets }) => [...targets])),
  };
}

export interface ForecastEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number;
}

export interface ForecastTraining {
  readonly train: Windows;
  readonly validation: Windows;
  readonly epochs: number;
  /** Training ends after this many epochs that were no better than the best. */
  readonly patience: number;
  readonly seed: number;
  readonly onBatch: (epoch: number, windows: number, loss: number) => void;
  readonly onEpoch: (report: ForecastEpoch) => void;
}

/**
 * Trains in place: adam on the pinball loss, a learning rate that falls along a cosine, early stopping. The weights of the epoch
 * that was best on the validation windows are kept.
 */
export async function trainForecast(model: tfl.LayersModel, options: ForecastTraining): Promise<ForecastEpoch> {
  const { train, validation, epochs, patience } = options;
  const random = createRandom(options.seed);
  const optimizer = tf.train.adam(learningRate.first);
  model.compile({ optimizer, loss: pinball });
  const steps = Math.ceil(train.count / batchSize);
  let best: ForecastEpoch & { weights: tf.Tensor[] } = { epoch: 0, loss: 0, validationLoss: Infinity, weights: [] };
  for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
    const order = permutation(train.count, random);
    let total = 0;
    for (let step = 0; step < steps; step++) {
      setCosineRate(optimizer, learningRate, ((epoch - 1) * steps + step) / (epochs * steps));
      const chosen = order.subarray(step * batchSize, (step + 1) * batchSize);
      const batch = makeBatch(train, chosen, model, random);
      const loss = (await model.trainOnBatch(batch.inputs, batch.targets)) as number;
      tf.dispose([batch.inputs, batch.targets]);
      total += loss * chosen.length;
      options.onBatch(epoch, step * batchSize + chosen.length, loss);
    }
    const report = { epoch, loss: total / train.count, validationLoss: lossOf(model, validation) };
    options.onEpoch(report);
    if (report.validationLoss >= best.validationLoss) continue;
    tf.dispose(best.weights);
    best = { ...report, weights: model.getWeights().map((weight) => weight.clone()) };
  }
  if (best.weights.length > 0) model.setWeights(best.weights);
  tf.dispose(best.weights);
  return best;
}

/** Koenker and Bassett's: least where a forecast is the quantile. Both [batch, horizon, quantiles]. */
function pinball(truth: tf.Tensor, forecast: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const levels = tf.tensor1d([...quantiles]);
    const short = tf.sub(truth, forecast);
    return tf.mean(tf.maximum(tf.mul(short, levels), tf.mul(short, tf.sub(levels, 1)))) as tf.Scalar;
  });
}

function makeBatch(source: Windows, chosen: Uint32Array, model: tfl.LayersModel, random: Random) {
  const size = source.inputs.length / source.count;
  const steps = source.targets.length / source.count;
  const inputs = new Float32Array(chosen.length * size);
  const targets = new Float32Array(chosen.length * steps);
  chosen.forEach((index, row) => {
    inputs.set(source.inputs.subarray(index * size, (index + 1) * size), row * size);
    targets.set(source.targets.subarray(index * steps, (index + 1) * steps), row * steps);
    if (random() >= seasonless) return;
    for (let at = row * size; at < (row + 1) * size; at += columns) {
      if (inputs[at] !== 0) inputs[at + 2] = inputs[at] as number;
      inputs[at] = 0;
      inputs[at + 1] = 0;
    }
  });
  return toTensors({ count: chosen.length, inputs, targets }, model);
}

/** Every quantile is held against the same values. */
function toTensors({ count, inputs, targets }: Windows, model: tfl.LayersModel) {
  const [, ...shape] = (model.inputs[0] as tfl.SymbolicTensor).shape as number[];
  const steps = targets.length / count;
  return {
    inputs: tf.tensor(inputs, [count, ...shape]),
    targets: tf.tidy(() => tf.tile(tf.tensor(targets, [count, steps, 1]), [1, 1, quantiles.length])),
  };
}

function lossOf(model: tfl.LayersModel, windows: Windows): number {
  return tf.tidy(() => {
    const { inputs, targets } = toTensors(windows, model);
    return pinball(targets, model.predict(inputs, { batchSize: 512 }) as tf.Tensor).dataSync()[0] as number;
  });
}
