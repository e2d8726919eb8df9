import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, permutation, type Random } from '../lib/core/random.js';
import { distort } from './distort.js';
import { setCosineRate } from './learning-rate.js';
import { type LabelledImages, scaled } from './mnist.js';

const batchSize = 64;
/** Epochs on the images as they are; those after them see distorted copies. */
const plainEpochs = 5;
const learningRate = { first: 1e-3, last: 2e-5 };

export interface EpochReport {
  readonly epoch: number;
  readonly loss: number;
  /** Share of the validation images that the network got right after this epoch. */
  readonly accuracy: number;
}

export interface TrainingOptions {
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  readonly epochs: number;
  readonly seed: number;
  readonly onBatch: (epoch: number, images: number, loss: number) => void;
  readonly onEpoch: (report: EpochReport) => void;
}

/**
 * Trains in place: adam, sparse categorical cross-entropy, a learning rate that falls along a cosine. The weights of the epoch
 * that was best on the validation images are kept.
 */
export async function trainDigits(model: tfl.Sequential, options: TrainingOptions): Promise<EpochReport> {
  const { train, validation, epochs, onBatch, onEpoch } = options;
  const random = createRandom(options.seed);
  const optimizer = tf.train.adam(learningRate.first);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const steps = Math.ceil(train.count / batchSize);
  let best: EpochReport & { weights: tf.Tensor[] } = { epoch: 0, loss: 0, accuracy: -1, weights: [] };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = permutation(train.count, random);
    let total = 0;
    for (let step = 0; step < steps; step++) {
      setCosineRate(optimizer, learningRate, ((epoch - 1) * steps + step) / (epochs * steps));
      const chosen = order.subarray(step * batchSize, (step + 1) * batchSize);
      const batch = makeBatch(train, chosen, epoch > plainEpochs ? random : undefined);
      const [loss = Number.NaN] = (await model.trainOnBatch(batch.images, batch.labels)) as number[];
      tf.dispose([batch.images, batch.labels]);
      total += loss * chosen.length;
      onBatch(epoch, step * batchSize + chosen.length, loss);
    }
    const report = { epoch, loss: total / train.count, accuracy: accuracyOf(model, validation) };
    onEpoch(report);
    if (report.accuracy < best.accuracy) continue;
    tf.dispose(best.weights);
    best = { ...report, weights: model.getWeights().map((weight) => weight.clone()) };
  }
  if (best.weights.length > 0) model.setWeights(best.weights);
  tf.dispose(best.weights);
  return best;
}

function makeBatch(source: LabelledImages, chosen: Uint32Array, random: Random | undefined) {
  const size = source.side ** 2;
  const images = new Float32Array(chosen.length * size);
  chosen.forEach((index, position) => {
    const image = scaled(source.images.subarray(index * size, (index + 1) * size));
    const target = images.subarray(position * size, (position + 1) * size);
    if (random === undefined) target.set(image);
    else distort(image, source.side, random, target);
  });
  const labels = Float32Array.from(chosen, (index) => source.labels[index] as number);
  return {
    images: tf.tensor4d(images, [chosen.length, source.side, source.side, 1]),
    labels: tf.tensor2d(labels, [chosen.length, 1]),
  };
}

function accuracyOf(model: tfl.Sequential, { count, side, images, labels }: LabelledImages): number {
  const predicted = tf.tidy(() => {
    const output = model.predict(tf.tensor4d(scaled(images), [count, side, side, 1]), { batchSize: 500 });
    return tf.argMax(output as tf.Tensor2D, 1).dataSync();
  });
  return labels.filter((label, index) => label === predicted[index]).length / count;
}
