// Measures digits on MNIST's 10,000 test images through its own Lambda handler on wasm: PNG in, JSON out. Prints one JSON line.
import { parseArgs } from 'node:util';
import { handler } from '../functions/digits.js';
import { evaluate } from './evaluation.js';
import { readMnist } from './mnist.js';
import { progressBar } from './progress-bar.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/mnist' },
    registry: { type: 'string', default: './models' },
  },
});
// The handler reads these at its first request. A metrics line for each of 10,000 requests would bury the result.
Object.assign(process.env, {
  MODELET_REGISTRY: values.registry,
  MODELET_BACKEND: 'wasm',
  POWERTOOLS_METRICS_DISABLED: 'true',
});
const test = readMnist(values.data, 't10k');
const bar = progressBar('test images on wasm', test.count);
const result = await evaluate(handler, test, (done) => bar.update(done));
bar.stop();
console.log(JSON.stringify(result));
