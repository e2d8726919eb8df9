import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { storeTensors } from '../lib/core/stored-tensor.js';
import { makeTensor } from '../lib/core/tensor.js';
import { layersToGraph } from '../lib/importers/layers-to-graph.js';
import type { Draft } from '../lib/registry/publish.js';
import { prepareHandwriting } from '../lib/tasks/image/handwriting.js';
import { drawSeven } from './draw-seven.js';
import { artifactsOf } from './layers-artifacts.js';

const names = { input: 'image', output: 'probabilities' };

/**
 * The version to publish: the network as a graph model, with what its handler must do to an image before and after. Its
 * golden output is what the layers model says on tfjs-node: other code on another engine than the graph that is served.
 */
export async function digitsDraft(model: tfl.Sequential, side: number): Promise<Omit<Draft, 'metrics'>> {
  const { files, signature } = layersToGraph(await artifactsOf(model), names);
  const shape = [1, side, side, 1];
  const image = goldenImage(side);
  const probabilities = tf.tidy(() => (model.predict(tf.tensor(image, shape)) as tf.Tensor2D).dataSync());
  return {
    model: 'digits',
    description: 'Handwritten digits: an image of one digit → 0…9',
    licence: 'Apache-2.0; trained on MNIST (CC BY-SA 3.0)',
    source: { format: 'tfjs-layers', tool: 'training/digits.ts' },
    signature,
    task: {
      name: 'image-classification@1',
      options: { labels: [...'0123456789'], preparation: 'handwriting' },
    },
    golden: {
      by: 'tfjs-layers on tfjs-node 4.22.0',
      tolerance: 1e-5,
      inputs: storeTensors(new Map([[names.input, makeTensor('FP32', shape, image)]])),
      outputs: storeTensors(new Map([[names.output, makeTensor('FP32', [1, 10], Float32Array.from(probabilities))]])),
    },
    files,
  };
}

/** A drawing of ours, prepared as a request's would be: a manifest is no place for an image of the data set. */
function goldenImage(side: number): Float32Array {
  const drawn = drawSeven(10 * side);
  const rgba = Uint8Array.from({ length: 4 * drawn.length }, (_, index) =>
    index % 4 === 3 ? 255 : (drawn[index >> 2] as number),
  );
  const ink = prepareHandwriting({ width: 10 * side, height: 10 * side, rgba }, side, side, 'drawing');
  return ink.map((value) => value / 255);
}
