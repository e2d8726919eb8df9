import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Manifest } from '../lib/core/manifest.js';
import { makeTensor } from '../lib/core/tensor.js';
import type { Example } from '../lib/publishing/prove.js';
import { publishModel } from '../lib/publishing/publish-model.js';
import type { Registry } from '../lib/registry/registry.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import { prepareHandwriting } from '../lib/tasks/image/handwriting.js';
import { imageClassification } from '../lib/tasks/image-classification.js';
import { drawDigit } from './draw-digit.js';
import { importNetwork } from './import-network.js';

/**
 * Publishes the network with what its handler must do to an image before and after. Beside the evaluator's, its golden output is
 * what the layers model says on tfjs-node: other code on another engine than the graph that is served.
 * @param side of the images, in pixels
 */
export async function publishDigits(
  registry: Registry,
  model: tfl.Sequential,
  side: number,
  metrics: Manifest['metrics'] = {},
): Promise<Manifest> {
  const example = goldenExample(model, side);
  return publishModel(registry, await importNetwork(model), {
    name: 'digits',
    about: {
      description: 'Handwritten digits: an image of one digit → 0…9',
      licence: 'Apache-2.0; trained on MNIST (CC BY-SA 3.0)',
      metrics,
    },
    task: { name: imageClassification.name, options: { labels: [...'0123456789'], preparation: 'handwriting' } },
    tasks: [imageClassification],
    golden: { by: 'tfjs-layers on tfjs-node 4.22.0', example },
    openEngine,
    backend: 'wasm',
    onStage: () => undefined,
  });
}

/** A drawing of ours, prepared as a request's would be: a manifest is no place for an image of the data set. */
function goldenExample(model: tfl.Sequential, side: number): Example {
  const drawn = drawDigit(7, 10 * side);
  const rgba = Uint8Array.from({ length: 4 * drawn.length }, (_, index) =>
    index % 4 === 3 ? 255 : (drawn[index >> 2] as number),
  );
  const ink = prepareHandwriting({ width: 10 * side, height: 10 * side, rgba }, side, side, 'drawing');
  const image = ink.map((value) => value / 255);
  const shape = [1, side, side, 1];
  const probabilities = tf.tidy(() => (model.predict(tf.tensor(image, shape)) as tf.Tensor2D).dataSync());
  return {
    inputs: new Map([['image', makeTensor('FP32', shape, image)]]),
    outputs: new Map([['probabilities', makeTensor('FP32', [1, 10], Float32Array.from(probabilities))]]),
  };
}
