import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, permutation, type Random } from '../lib/core/random.js';
import { createSoundPreparation } from '../lib/tasks/audio/prepare-sound.js';
import { hideParts } from './hide-parts.js';
import { setCosineRate } from './learning-rate.js';
import type { LabelledSound } from './spoken-digits-data.js';
import { featureShape, soundLayout } from './spoken-digits-network.js';
import type { EpochReport } from './train-digits.js';
import { varySound } from './vary-sound.js';

const batchSize = 32;
const learningRate = { first: 2e-3, last: 2e-5 };
/** Epochs without a better one after which training stops. */
const patience = 10;

const [frames, bands] = featureShape;
const preparation = createSoundPreparation({ ...soundLayout, bands }, frames);

export interface SpeechTrainingOptions {
  readonly train: readonly LabelledSound[];
  readonly validation: readonly LabelledSound[];
  readonly epochs: number;
  readonly seed: number;
  readonly onBatch: (epoch: number, sounds: number, loss: number) => void;
  readonly onEpoch: (report: EpochReport) => void;
}

/**
 * Trains in place on a varied copy of each sound in each epoch: adam, sparse categorical cross-entropy, a learning rate that
 * falls along a cosine. The weights of the epoch that was best on the validation sounds are kept.
 */
export async function trainSpokenDigits(model: tfl.Sequential, options: SpeechTrainingOptions): Promise<EpochReport> {
  const { train, epochs, onBatch, onEpoch } = options;
  const random = createRandom(options.seed);
  const optimizer = tf.train.adam(learningRate.first);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  const validation = plainFeatures(options.validation);
  const steps = Math.ceil(train.length / batchSize);
  let best: EpochReport & { weights: tf.Tensor[] } = { epoch: 0, loss: 0, accuracy: -1, weights: [] };
  for (let epoch = 1; epoch <= epochs && epoch <= best.epoch + patience; epoch++) {
    const order = permutation(train.length, random);
    let total = 0;
    for (let step = 0; step < steps; step++) {
      setCosineRate(optimizer, learningRate, ((epoch - 1) * steps + step) / (epochs * steps));
      const chosen = order.subarray(step * batchSize, (step + 1) * batchSize);
      const batch = makeBatch(train, chosen, random);
      const loss = (await model.trainOnBatch(batch.sounds, batch.labels)) as number;
      tf.dispose([batch.sounds, batch.labels]);
      total += loss * chosen.length;
      onBatch(epoch, step * batchSize + chosen.length, loss);
    }
    const accuracy = accuracyOf(model, validation, options.validation);
    const report = { epoch, loss: total / train.length, accuracy };
    onEpoch(report);
    if (accuracy < best.accuracy) continue;
    tf.dispose(best.weights);
    best = { ...report, weights: model.getWeights().map((weight) => weight.clone()) };
  }
  if (best.weights.length > 0) model.setWeights(best.weights);
  tf.dispose([...best.weights, validation]);
  return best;
}

/** Share of the sounds that the network gets right. */
export function soundAccuracy(model: tfl.Sequential, sounds: readonly LabelledSound[]): number {
  const features = plainFeatures(sounds);
  const accuracy = accuracyOf(model, features, sounds);
  features.dispose();
  return accuracy;
}

function accuracyOf(model: tfl.Sequential, features: tf.Tensor4D, sounds: readonly LabelledSound[]): number {
  const predicted = tf.tidy(() => tf.argMax(model.predict(features, { batchSize: 256 }) as tf.Tensor2D, 1).dataSync());
  return sounds.filter(({ digit }, index) => digit === predicted[index]).length / sounds.length;
}

function makeBatch(source: readonly LabelledSound[], chosen: Uint32Array, random: Random) {
  const sounds = Array.from(chosen, (index) => source[index] as LabelledSound);
  const rows = sounds.map(({ sound }) => {
    const features = preparation.features(sound, varySound(random));
    hideParts(features, featureShape, random);
    return features;
  });
  return {
    sounds: stacked(rows),
    labels: tf.tensor2d(
      sounds.map(({ digit }) => digit),
      [sounds.length, 1],
    ),
  };
}

const plainFeatures = (sounds: readonly LabelledSound[]): tf.Tensor4D =>
  stacked(sounds.map(({ sound }) => preparation.features(sound)));

function stacked(rows: readonly Float32Array[]): tf.Tensor4D {
  const values = new Float32Array(rows.length * frames * bands);
  rows.forEach((row, index) => {
    values.set(row, index * row.length);
  });
  return tf.tensor4d(values, [rows.length, frames, bands, 1]);
}
