import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Manifest } from '../lib/core/manifest.js';
import { makeTensor } from '../lib/core/tensor.js';
import type { Example } from '../lib/publishing/prove.js';
import { publishModel } from '../lib/publishing/publish-model.js';
import type { Registry } from '../lib/registry/registry.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import { createSoundPreparation } from '../lib/tasks/audio/prepare-sound.js';
import { audioClassification } from '../lib/tasks/audio-classification.js';
import { importNetwork } from './import-network.js';
import { speakDigit, spokenRate } from './speak-digit.js';
import { featureShape, soundLayout } from './spoken-digits-network.js';

/**
 * Publishes the network with what its handler must do to a sound before and after. Beside the evaluator's, its golden output is
 * what the layers model says on tfjs-node: other code on another engine than the graph that is served.
 */
export async function publishSpokenDigits(
  registry: Registry,
  model: tfl.Sequential,
  metrics: Manifest['metrics'] = {},
): Promise<Manifest> {
  const example = goldenExample(model);
  return publishModel(registry, await importNetwork(model), {
    name: 'spoken-digits',
    about: {
      description: 'Spoken digits: a recording of one English digit → 0…9',
      licence: 'Apache-2.0; trained on the Free Spoken Digit Dataset (CC BY-SA 4.0)',
      metrics,
    },
    task: { name: audioClassification.name, options: { labels: [...'0123456789'], ...soundLayout } },
    tasks: [audioClassification],
    golden: { by: 'tfjs-layers on tfjs-node 4.22.0', example },
    openEngine,
    backend: 'wasm',
    onStage: () => undefined,
  });
}

/** A synthetic voice, prepared as a request's recording would be: a manifest is no place for a person's. */
function goldenExample(model: tfl.Sequential): Example {
  const [frames, bands] = featureShape;
  const preparation = createSoundPreparation({ ...soundLayout, bands }, frames);
  const features = preparation.features({ rate: spokenRate, samples: speakDigit() });
  const shape = [1, frames, bands, 1];
  const probabilities = tf.tidy(() => (model.predict(tf.tensor(features, shape)) as tf.Tensor2D).dataSync());
  return {
    inputs: new Map([['sound', makeTensor('FP32', shape, features)]]),
    outputs: new Map([['probabilities', makeTensor('FP32', [1, 10], Float32Array.from(probabilities))]]),
  };
}
