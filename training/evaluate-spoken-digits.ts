// Measures spoken-digits on the 300 test recordings through its own Lambda handler on wasm: WAV in, JSON out. Prints one JSON line.
import { parseArgs } from 'node:util';
import { handler } from '../functions/spoken-digits.js';
import { progressBar } from './progress-bar.js';
import { evaluateSpeech } from './speech-evaluation.js';
import { isTest, listRecordings } from './spoken-digits-data.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/spoken-digits/recordings' },
    registry: { type: 'string', default: './models' },
  },
});
// The handler reads these at its first request. A metrics line for each request would bury the result.
Object.assign(process.env, {
  MODELET_REGISTRY: values.registry,
  MODELET_BACKEND: 'wasm',
  POWERTOOLS_METRICS_DISABLED: 'true',
});
const recordings = listRecordings(values.data).filter(isTest);
const bar = progressBar('test recordings on wasm', recordings.length);
const result = await evaluateSpeech(handler, recordings, (done) => bar.update(done));
bar.stop();
console.log(JSON.stringify(result));
