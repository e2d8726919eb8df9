import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { createRandom } from '../lib/core/random.js';
import { setCosineRate } from './learning-rate.js';
import { equallyLong, hideWords, type NumberedReview } from './numbered-reviews.js';
import type { SentimentNetwork } from './sentiment-network.js';
import type { EpochReport } from './train-digits.js';

const batchSize = 128;
const learningRate = { first: 3e-3, last: 6e-5 };
/** Share of the words that are hidden at each look. */
const hidden = 0.3;
/** Share of itself that the average of the weights keeps at a step: it spans about one epoch. */
const kept = 0.99;
/** Epochs without a better one after which training stops. */
const patience = 4;

export interface SentimentTraining {
  readonly train: readonly NumberedReview[];
  readonly validation: readonly NumberedReview[];
  readonly epochs: number;
  readonly seed: number;
  readonly onBatch: (epoch: number, reviews: number, loss: number) => void;
  readonly onEpoch: (report: EpochReport) => void;
}

/**
 * Trains in place: adam, sparse categorical cross-entropy, a learning rate that falls along a cosine, early stopping. The network ends
 * as a moving average of its weights, which is surer than any of them: the one that was best on the validation reviews.
 */
export async function trainSentiment(network: SentimentNetwork, options: SentimentTraining): Promise<EpochReport> {
  const { model, redraw } = network;
  const { epochs, validation, onBatch, onEpoch } = options;
  const random = createRandom(options.seed);
  // TF.js has no gradient of a sequence of one step.
  const train = options.train.filter(({ words }) => words.length > 1);
  const optimizer = tf.train.adam(learningRate.first);
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  let average = copyWeights(model);
  let best: EpochReport & { weights: tf.Tensor[] } = { epoch: 0, loss: 0, accuracy: -1, weights: [] };
  for (let epoch = 1; epoch <= epochs && epoch <= best.epoch + patience; epoch++) {
    let [total, seen] = [0, 0];
    for (const batch of equallyLong(train, batchSize, random)) {
      setCosineRate(optimizer, learningRate, (epoch - 1 + seen / train.length) / epochs);
      redraw(Math.floor(random() * 2 ** 31));
      const inputs = wordTensor(batch.map(({ words }) => hideWords(words, hidden, random)));
      const targets = tf.tensor2d(batch.map(({ label }) => [label]));
      const loss = (await model.trainOnBatch(inputs, targets)) as number;
      tf.dispose([inputs, targets]);
      average = movedAverage(average, model);
      total += loss * batch.length;
      seen += batch.length;
      onBatch(epoch, seen, loss);
    }
    const accuracy = withWeights(model, average, () => reviewAccuracy(model, validation));
    const report = { epoch, loss: total / train.length, accuracy };
    onEpoch(report);
    if (accuracy <= best.accuracy) continue;
    tf.dispose(best.weights);
    best = { ...report, weights: average.map((weight) => weight.clone()) };
  }
  if (best.weights.length > 0) model.setWeights(best.weights);
  tf.dispose([...best.weights, ...average]);
  return best;
}

/** Share of the reviews that the network gets right. */
export function reviewAccuracy(model: tfl.LayersModel, reviews: readonly NumberedReview[]): number {
  let correct = 0;
  for (const batch of equallyLong(reviews, 256)) {
    const predicted = tf.tidy(() => {
      const output = model.predict(wordTensor(batch.map(({ words }) => words))) as tf.Tensor2D;
      return tf.argMax(output, 1).dataSync();
    });
    correct += batch.filter(({ label }, index) => label === predicted[index]).length;
  }
  return correct / reviews.length;
}

const wordTensor = (rows: readonly (readonly number[])[]): tf.Tensor2D =>
  tf.tensor2d(rows.flat(), [rows.length, rows[0]?.length ?? 0], 'int32');

const copyWeights = (model: tfl.LayersModel): tf.Tensor[] => model.getWeights().map((weight) => weight.clone());

function movedAverage(average: readonly tf.Tensor[], model: tfl.LayersModel): tf.Tensor[] {
  const moved = tf.tidy(() =>
    model.getWeights().map((weight, index) => {
      const before = average[index] as tf.Tensor;
      return tf.add(weight, tf.mul(tf.sub(before, weight), kept));
    }),
  );
  tf.dispose([...average]);
  return moved;
}

/** Lends the model other weights for the time of a call. */
function withWeights<T>(model: tfl.LayersModel, weights: tf.Tensor[], use: () => T): T {
  const own = copyWeights(model);
  model.setWeights(weights);
  const result = use();
  model.setWeights(own);
  tf.dispose(own);
  return result;
}
