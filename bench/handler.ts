import { openSync, readFileSync, writeSync } from 'node:fs';
import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../lib/aws/http-event.js';
import type { LambdaHandler } from '../lib/aws/lambda-handler.js';
import { readGolden } from '../lib/core/stored-tensor.js';
import { createRegistry } from '../lib/registry/registry.js';
import { fileStore } from '../lib/registry/stores/file-store.js';
import { openVersion } from '../lib/registry/version-files.js';
import { openEngine } from '../lib/runtime/open-engine.js';
import type { Bench } from './bench.js';
import { interleave } from './interleave.js';

/** What the handler may add to a prediction at the median, ms. */
const aim = 0.25;
const predict = 'predict';
const binary = 'V2 infer, binary';

/**
 * What a request costs over its prediction: the digits handler, event in → result out, beside a bare `predict` of the engine
 * with the same tensors, in one process, batch 1. The metrics record of each request is written, to nowhere.
 */
export const handler: Bench = {
  name: 'handler',
  summary: 'handler time against bare predict at batch 1',
  run: async (onProgress) => {
    process.env.MODELET_REGISTRY = './models';
    const { handler: digits } = (await import('../functions/digits.js')) as { handler: LambdaHandler };

    const registry = createRegistry(fileStore('models'));
    const manifest = await registry.manifest('digits', await registry.resolve('digits', { alias: 'production' }));
    const files = openVersion(registry.store, manifest);
    const { inputs } = await readGolden(manifest, files);
    const image = inputs.get('image');
    if (image === undefined) throw new Error('digits has no golden input "image"');
    const model = await (await openEngine('wasm')).load(manifest, files);

    const send = (event: HttpEvent) => async () => {
      const { statusCode, body } = await digits(event, context);
      if (statusCode !== 200) throw new Error(body);
    };
    const pixels = [...image.data];
    const rows = Array.from({ length: 28 }, (_, y) => pixels.slice(y * 28, y * 28 + 28).map((value) => [value]));
    const spec = { name: 'image', datatype: 'FP32', shape: [1, 28, 28, 1] };
    const header = JSON.stringify({
      inputs: [{ ...spec, parameters: { binary_data_size: image.data.byteLength } }],
      parameters: { binary_data_output: true },
    });
    const bytes = Buffer.concat([Buffer.from(header), new Uint8Array(Float32Array.from(pixels).buffer)]);
    const variants = {
      [predict]: () => model.predict(inputs),
      [binary]: send(
        post('/v2/models/digits/infer', bytes, {
          'content-type': 'application/octet-stream',
          'inference-header-content-length': String(header.length),
        }),
      ),
      'V2 infer, JSON': send(post('/v2/models/digits/infer', { inputs: [{ ...spec, data: pixels }] })),
      'TensorFlow Serving :predict, JSON': send(post('/v1/models/digits:predict', { instances: [rows] })),
      'task route, JSON': send(post('/models/digits', rows)),
      'task route, PNG of 280 × 280': send(
        post('/models/digits', readFileSync('examples/7.png'), { 'content-type': 'image/png' }),
      ),
    };
    const rounds = 60;
    const samples = await silently(() =>
      interleave(variants, { rounds, calls: 40, onRound: (done) => onProgress(done / rounds) }),
    );
    const { median: bare } = samples[predict] as { median: number };
    const results = Object.entries(samples).map(([name, { median, min }]) => ({
      name,
      median,
      min,
      ratio: median / bare,
    }));
    return { headline: { overheadMs: (samples[binary] as { median: number }).median - bare }, rows: results };
  },
  table: ({ rows, headline }) => [
    '| request | median, ms | over bare predict, ms |',
    '|---|---|---|',
    ...rows.map(({ name, median, ratio }) => {
      const over = median - median / ratio;
      return `| ${name} | ${median.toFixed(3)} | ${name === predict ? '' : over.toFixed(3)} |`;
    }),
    '',
    overheadLine(headline.overheadMs as number),
  ],
};

const overheadLine = (ms: number): string =>
  `The aim for V2 in binary, ${aim} ms over bare predict at most, is ${ms <= aim ? 'met' : 'missed'}.`;

const context = { getRemainingTimeInMillis: () => 29_000 } as Context;

/** What is written to stdout in the meantime goes nowhere, by the same synchronous write that a pipe gets. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const nowhere = openSync('/dev/null', 'w');
  const { write } = process.stdout;
  process.stdout.write = (text: string | Uint8Array) => writeSync(nowhere, String(text)) >= 0;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}

function post(
  path: string,
  body: unknown,
  more: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): HttpEvent {
  const bytes = body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  const headers = { host: 'localhost', accept: '*/*', 'user-agent': 'bench', ...more };
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
