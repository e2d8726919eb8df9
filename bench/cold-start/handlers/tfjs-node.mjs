// The same on `@tensorflow/tfjs-node`, which is libtensorflow behind TensorFlow.js: too large for a zip, so an image on Lambda.
import { createRequire } from 'node:module';
import util from 'node:util';
import { layersFromS3, predict } from './layers.mjs';
import { timed } from './peer.mjs';

// Node 23 removed what tfjs-node 4.22.0 calls.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

const stages = {};
const tf = createRequire(__filename)('@tensorflow/tfjs-node');
let loading;

export const handler = async (event) => {
  loading ??= timed(stages, 'runtime', () => tf.ready()).then(() => layersFromS3(tf, stages));
  return predict(tf, await loading, event, stages);
};
