// What a user of TensorFlow.js writes first: all of `@tensorflow/tfjs`, the wasm backend, and the layers model from S3.
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { layersFromS3, predict } from './layers.mjs';
import { timed } from './peer.mjs';

setWasmPaths(`${__dirname}/`);
const stages = {};
let loading;

async function load() {
  await timed(stages, 'runtime', () => tf.setBackend('wasm'));
  return layersFromS3(tf, stages);
}

export const handler = async (event) => {
  loading ??= load();
  return predict(tf, await loading, event, stages);
};
