import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Manifest } from '../lib/core/manifest.js';
import { makeTensor } from '../lib/core/tensor.js';
import type { Example } from '../lib/publishing/prove.js';
import { publishModel } from '../lib/publishing/publish-model.js';
import type { Registry } from '../lib/registry/registry.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import { createNumbering } from '../lib/tasks/text/number-words.js';
import { tokenize } from '../lib/tasks/text/tokenize.js';
import { textClassification } from '../lib/tasks/text-classification.js';
import { importNetwork } from './import-network.js';
import { labels } from './review-data.js';

/** Words that are read at most: some paragraphs. */
const length = 256;

/** A sentence of ours: a manifest is no place for a part of the data set. */
const example = 'The story is slight, but the cast is warm and funny, and the ending is quietly moving.';

/**
 * Publishes the network with its vocabulary. Beside the evaluator's, its golden output is what the layers model says on tfjs-node:
 * other code on another engine than the graph that is served.
 */
export async function publishSentiment(
  registry: Registry,
  model: tfl.LayersModel,
  vocabulary: readonly string[],
  metrics: Manifest['metrics'] = {},
): Promise<Manifest> {
  const golden = goldenExample(model, vocabulary);
  return publishModel(registry, await importNetwork(model), {
    name: 'sentiment',
    about: {
      description:
        'Sentiment of English text: a review → positive or negative. It learned from sentences about films, and some about products ' +
        '(cameras, telephones); naiveBayesAccuracy and productNaiveBayesAccuracy are what a bag of words reaches on the same sentences',
      licence:
        'Apache-2.0; trained on sentences of film reviews (Pang and Lee, 2005) and customer reviews (Hu and Liu, 2004), as ' +
        'harvardnlp/sent-conv-torch has them under the MIT licence',
      metrics,
    },
    task: { name: textClassification.name, options: { labels, vocabulary, length } },
    tasks: [textClassification],
    golden: { by: 'tfjs-layers on tfjs-node 4.22.0', example: golden },
    openEngine,
    backend: 'wasm',
    onStage: () => undefined,
  });
}

function goldenExample(model: tfl.LayersModel, vocabulary: readonly string[]): Example {
  const words = Int32Array.from(tokenize(example), createNumbering(vocabulary));
  const shape: [number, number] = [1, words.length];
  const probabilities = tf.tidy(() => (model.predict(tf.tensor2d(words, shape, 'int32')) as tf.Tensor).dataSync());
  return {
    inputs: new Map([['tokens', makeTensor('INT32', shape, words)]]),
    outputs: new Map([['probabilities', makeTensor('FP32', [1, labels.length], Float32Array.from(probabilities))]]),
  };
}
