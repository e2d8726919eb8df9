import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../lib/aws/http-event.js';
import { storeTensors } from '../lib/core/stored-tensor.js';
import { makeTensor } from '../lib/core/tensor.js';
import { serveModel, tensor } from '../lib/index.js';
import { publishVersion } from '../lib/registry/publish.js';
import { createRegistry } from '../lib/registry/registry.js';
import { fileStore } from '../lib/registry/stores/file-store.js';
import type { Bench } from './bench.js';
import { interleave } from './interleave.js';

/** 1 MiB of FP32 each way. */
const elements = 262_144;

/**
 * What carrying a tensor costs: 1 MiB of FP32 to a model that gives back its input, API Gateway's event in → result out.
 * The numbers have seven digits, as many as FP32 keeps, because with all the digits of a double the JSON would not fit.
 */
export const protocols: Bench = {
  name: 'protocols',
  summary: 'round trip of a 1 MiB tensor in JSON and in binary',
  run: async (onProgress) => {
    const folder = mkdtempSync(join(tmpdir(), 'modelet-bench-'));
    try {
      await publishEcho(folder);
      process.env.MODELET_REGISTRY = folder;
      process.env.POWERTOOLS_METRICS_DISABLED = 'true';
      const handler = serveModel('echo', { tasks: [tensor] });
      const send = (event: HttpEvent, bytes: number) => async () => {
        const { statusCode, body, isBase64Encoded } = await handler(event, context);
        const length = isBase64Encoded ? Buffer.byteLength(body, 'base64') : body.length;
        if (statusCode !== 200 || length < bytes) throw new Error(body.slice(0, 200));
      };
      const numbers = Array.from({ length: elements }, (_, index) => Number(Math.sin(index).toPrecision(7)));
      const values = Float32Array.from(numbers);
      const x = { name: 'x', datatype: 'FP32', shape: [1, elements] };
      const binaryInput = { ...x, parameters: { binary_data_size: values.byteLength } };
      const variants = {
        'JSON both ways': send(post({ inputs: [{ ...x, data: numbers }] }), elements),
        'binary in, JSON out': send(post({ inputs: [binaryInput] }, values), elements),
        'binary both ways': send(
          post({ inputs: [binaryInput], parameters: { binary_data_output: true } }, values),
          values.byteLength,
        ),
      };
      const rounds = 20;
      const samples = await interleave(variants, { rounds, calls: 2, onRound: (done) => onProgress(done / rounds) });
      const base = samples['JSON both ways'].median;
      return {
        headline: { binaryVsJson: base / samples['binary both ways'].median },
        rows: Object.entries(samples).map(([name, { median, min }]) => ({ name, median, min, ratio: base / median })),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  table: ({ rows }) => [
    '| request | median, ms | as quick as JSON |',
    '|---|---|---|',
    ...rows.map(({ name, median, ratio }) => `| ${name} | ${median.toFixed(2)} | ${ratio.toFixed(1)} × |`),
  ],
};

const context = { getRemainingTimeInMillis: () => 29_000 } as Context;

function post(object: unknown, data?: Float32Array): HttpEvent {
  const json = Buffer.from(JSON.stringify(object));
  const body = data === undefined ? json : Buffer.concat([json, new Uint8Array(data.buffer)]);
  return {
    path: '/v2/models/echo/infer',
    httpMethod: 'POST',
    headers: data === undefined ? {} : { 'inference-header-content-length': String(json.length) },
    multiValueHeaders: {},
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    requestContext: { requestId: 'bench', domainName: 'localhost' },
    body: body.toString('base64'),
    isBase64Encoded: true,
  } as unknown as HttpEvent;
}

/** A graph model of one node: y is x. */
async function publishEcho(folder: string): Promise<void> {
  const spec = { name: 'x', datatype: 'FP32' as const, shape: [-1, elements] };
  const dim = spec.shape.map((size) => ({ size: String(size) }));
  const info = (name: string) => ({ [name]: { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: { dim } } });
  const type = { type: 'DT_FLOAT' };
  const json = {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: type, shape: { shape: { dim } } } },
        { name: 'y', op: 'Identity', input: ['x'], attr: { T: type } },
      ],
      versions: {},
    },
    signature: { inputs: info('x'), outputs: info('y') },
    weightsManifest: [],
  };
  const golden = makeTensor('FP32', [1, elements], new Float32Array(elements));
  await publishVersion(createRegistry(fileStore(folder)), {
    model: 'echo',
    source: { format: 'bench' },
    signature: { inputs: [spec], outputs: [{ ...spec, name: 'y' }] },
    task: { name: 'tensor@1', options: {} },
    golden: {
      by: 'arithmetic',
      tolerance: 1e-6,
      inputs: storeTensors(new Map([['x', golden]])),
      outputs: storeTensors(new Map([['y', golden]])),
    },
    metrics: {},
    files: new Map([['model.json', Buffer.from(JSON.stringify(json))]]),
  });
}
