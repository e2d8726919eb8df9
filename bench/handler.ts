import { readFileSync } from 'node:fs';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../lib/aws/http-event.js';
import type { LambdaHandler } from '../lib/aws/lambda-handler.js';
import { readStoredTensors } from '../lib/core/stored-tensor.js';
import { createRegistry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import { openVersion } from '../lib/registry/version-files.js';
import { readGraph } from '../lib/runtime/model-artifacts.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import type { Bench } from './bench.js';
import { interleave } from './interleave.js';

/**
 * What a request costs over its forward pass: the digits handler, event in → result out, beside TF.js' bare `model.predict`
 * with the tensor made and its values read, on the same engine, in one process, batch 1.
 */
export const handler: Bench = {
  name: 'handler',
  summary: 'handler time against bare model.predict at batch 1',
  run: async (onProgress) => {
    process.env.MODELET_REGISTRY ??= './models';
    // One metrics record a request goes to stdout in Lambda; here it would drown the result.
    process.env.POWERTOOLS_METRICS_DISABLED = 'true';
    const { handler: digits } = (await import('../functions/digits.js')) as { handler: LambdaHandler };

    const registry = createRegistry(await openStore(process.env.MODELET_REGISTRY));
    const manifest = await registry.manifest('digits', await registry.resolve('digits', { alias: 'production' }));
    const image = readStoredTensors(manifest.golden.inputs).get('image');
    if (image === undefined) throw new Error('digits has no golden input "image"');
    const pixels = [...image.data];

    await openEngine('wasm');
    const send = (event: HttpEvent) => async () => {
      const { statusCode, body } = await digits(event, context);
      if (statusCode !== 200) throw new Error(body);
    };
    const rows = Array.from({ length: 28 }, (_, y) => pixels.slice(y * 28, y * 28 + 28).map((value) => [value]));
    const v2 = { inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 28, 28, 1], data: pixels }] };
    const variants = {
      'model.predict': () => Promise.reject(new Error('not ready')),
      'V2 infer, JSON': send(post('/v2/models/digits/infer', v2)),
      'TensorFlow Serving :predict, JSON': send(post('/v1/models/digits:predict', { instances: [rows] })),
      'task route, JSON': send(post('/models/digits', rows)),
      'task route, PNG of 280 × 280': send(post('/models/digits', readFileSync('examples/7.png'), 'image/png')),
    };
    await variants['V2 infer, JSON'](); // loads the model and makes wasm TF.js' backend
    const graph = await barePredict();
    const rounds = 60;
    const samples = await interleave(
      { ...variants, 'model.predict': graph },
      { rounds, calls: 40, onRound: (done) => onProgress(done / rounds) },
    );

    const base = samples['model.predict'].median;
    const results = Object.entries(samples).map(([name, { median, min }]) => ({
      name,
      median,
      min,
      ratio: median / base,
    }));
    return { headline: { ratio: samples['V2 infer, JSON'].median / base }, rows: results };

    async function barePredict(): Promise<() => Promise<unknown>> {
      const files = openVersion(registry.store, manifest);
      const { artifacts, weightSpecs, weightFiles } = await readGraph(manifest, files);
      const read = await Promise.all(weightFiles.map((name) => files.read(name)));
      const weightData = read.map((bytes) => Uint8Array.from(bytes).buffer);
      const model = new GraphModel(tf.io.fromMemory({ ...artifacts, weightSpecs: [...weightSpecs], weightData }));
      await model.load();
      return async () =>
        tf.tidy(() => (model.predict(tf.tensor(Float32Array.from(pixels), [1, 28, 28, 1])) as tf.Tensor).dataSync());
    }
  },
  table: ({ rows }) => [
    '| request | median, ms | of bare model.predict |',
    '|---|---|---|',
    ...rows.map(({ name, median, ratio }) => `| ${name} | ${median.toFixed(3)} | ${ratio.toFixed(2)} × |`),
  ],
};

const context = { getRemainingTimeInMillis: () => 29_000 } as Context;

function post(path: string, body: unknown, contentType = 'application/json'): HttpEvent {
  const bytes = body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': contentType, host: 'localhost', accept: '*/*', 'user-agent': 'bench' };
  return {
    path,
    httpMethod: 'POST',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    requestContext: { requestId: 'bench', domainName: 'localhost' },
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  } as unknown as HttpEvent;
}
