import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LambdaHandler } from '../../lib/aws/lambda-handler.js';
import { createClient, RequestError } from '../../lib/client/index.js';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { imageClassification, tensor } from '../../lib/index.js';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishSmall } from '../support/small-models.js';
import { publishTiny } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const servers: Server[] = [];
const apiKey = 'a secret';
let url: string;

async function listen(handlerFor: (path: string) => Promise<LambdaHandler>, key?: string): Promise<string> {
  const server = createLocalServer({ handlerFor, apiKey: key });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const published = createRegistry(fileStore('models'));
  await pushVersion(published, registry, { model: 'digits', version: '1', alias: 'production' });
  await publishSmall(registry, 'pair');
  await publishSmall(registry, 'pair');
  await publishTiny(registry);
  url = await listen((await localModels('/nonexistent', registry, [tensor, imageClassification])).handlerFor, apiKey);
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const pairSignature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 2] },
    { name: 'n', datatype: 'INT32', shape: [-1, 1] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: [-1, 2] },
    { name: 'capped', datatype: 'INT32', shape: [-1, 1] },
  ],
} as const;
const digitsSignature = {
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 28, 28, 1] }],
  outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
} as const;
interface Digit {
  readonly label: string;
  readonly score: number;
}

describe('against the local server', () => {
  const client = () => createClient({ url: `${url}/`, apiKey });
  const inputs = {
    a: { shape: [2, 2], data: Float32Array.of(1, 2, -1, 0.5) },
    n: { shape: [2, 1], data: Int32Array.of(3, 400) },
  } as const;

  test('infer: named tensors in, named tensors out, all or some of them', async () => {
    const pair = client().model('pair', pairSignature);
    expect(await pair.infer(inputs)).toEqual({
      version: '1',
      outputs: {
        sum: { shape: [2, 2], data: Float32Array.of(4, 5, 399, 400.5) },
        capped: { shape: [2, 1], data: Int32Array.of(3, 100) },
      },
    });
    const { outputs } = await pair.infer(inputs, { outputs: ['capped'] });
    expect(outputs).toEqual({ capped: { shape: [2, 1], data: Int32Array.of(3, 100) } });
  });
  test('a part of a larger array is sent as that part', async () => {
    const a = Float32Array.of(9, 9, 1, 2, 9).subarray(2, 4);
    const { outputs } = await client()
      .model('pair', pairSignature)
      .infer({ a: { shape: [1, 2], data: a }, n: { shape: [1, 1], data: Int32Array.of(3) } });
    expect([...outputs.sum.data]).toEqual([4, 5]);
  });
  test('predict, by number and by name; predictFile', async () => {
    const digits = client().model<typeof digitsSignature, Digit>('digits', digitsSignature);
    const file = Uint8Array.from(readFileSync('examples/7.png'));
    const seven = await digits.predictFile(file, 'image/png');
    expect(seven).toMatchObject({ version: '1', label: '7' });
    const { predictions } = await digits.predict([{ b64: Buffer.from(file).toString('base64') }]);
    expect(predictions).toMatchObject([{ label: '7', score: seven.score }]);
    const pair = client().model('pair', pairSignature);
    expect((await pair.predict([{ a: [1, 2], n: [3] }])).predictions).toEqual([
      { outputs: { sum: [4, 5], capped: [3] } },
    ]);
  });
  test('a version can be pinned', async () => {
    const pinned = client().model('pair', pairSignature, { version: '2' });
    expect((await pinned.infer(inputs)).version).toBe('2');
    expect((await pinned.predict([{ a: [1, 2], n: [3] }])).version).toBe('2');
  });
  test("errors carry the service's code, status and request id", async () => {
    const failure = async (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        (error: unknown) => error,
      );
    const absent = await failure(client().model('absent', pairSignature).infer(inputs));
    expect(absent).toBeInstanceOf(RequestError);
    expect(absent).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      status: 404,
      retryable: false,
      requestId: expect.any(String),
    });
    expect(await failure(createClient({ url }).model('pair', pairSignature).infer(inputs))).toMatchObject({
      code: 'FORBIDDEN',
      status: 403,
    });
    expect(
      await failure(
        client()
          .model('pair', pairSignature)
          .predict([{ a: 'x', n: [3] }]),
      ),
    ).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'instances[0].a: expected a number, got text',
    });
    const other = { ...pairSignature, outputs: [{ name: 'q', datatype: 'FP32', shape: [-1] }] } as const;
    expect(await failure(client().model('pair', other).infer(inputs))).toMatchObject({
      code: 'UNEXPECTED_ANSWER',
      message: expect.stringMatching(/does not fit the signature/),
    });
  });
  test('what is not the signature is refused before it is sent', async () => {
    const pair = client().model('pair', pairSignature);
    const wrong = [
      [{ a: inputs.a }, "input 'n' is missing"],
      [{ ...inputs, n: inputs.a }, "input 'n' is INT32: use Int32Array"],
      [{ ...inputs, n: { shape: [3, 1], data: inputs.n.data } }, "input 'n' has 2 elements, its shape [3,1] holds 3"],
    ] as const;
    for (const [given, message] of wrong)
      await expect(pair.infer(given as never)).rejects.toThrow(new TypeError(message));
  });
});

describe('trying again', () => {
  const answers = (statusCode: number, body: object, headers = {}) => ({
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  });
  const unavailable = { error: 'the store does not answer', code: 'MODEL_UNAVAILABLE', requestId: 'r' };
  const good = answers(200, { model: 'm', version: '1', predictions: [] });
  /** A server that gives these answers one after the other, the last of them for ever, and counts. */
  const scripted = async (...script: (typeof good | 'hang')[]) => {
    const seen: number[] = [];
    const address = await listen(async () => async () => {
      seen.push(performance.now());
      const next = script[Math.min(seen.length, script.length) - 1];
      return next === undefined || next === 'hang'
        ? new Promise((resolve) => setTimeout(() => resolve(good), 1500))
        : next;
    });
    const call = (options: object = {}, signal?: AbortSignal) =>
      createClient({ url: address, ...options })
        .model('m', pairSignature)
        .predict([1], signal === undefined ? {} : { signal });
    return { seen, call };
  };

  test('a retryable answer is tried again, not before retry-after', async () => {
    const { seen, call } = await scripted(answers(503, unavailable, { 'retry-after': '1' }), good);
    expect(await call()).toMatchObject({ predictions: [] });
    expect((seen[1] as number) - (seen[0] as number)).toBeGreaterThanOrEqual(1000);
  });
  test('no more often than allowed, with growing waits', async () => {
    const { seen, call } = await scripted(answers(503, unavailable));
    await expect(call({ retries: 2 })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      retryable: true,
      status: 503,
    });
    expect(seen).toHaveLength(3);
    expect((seen[2] as number) - (seen[1] as number)).toBeGreaterThanOrEqual(200);
  });
  test('other errors are not tried again', async () => {
    const { seen, call } = await scripted(answers(500, { ...unavailable, code: 'MODEL_CORRUPT' }));
    await expect(call()).rejects.toMatchObject({ code: 'MODEL_CORRUPT', retryable: false });
    expect(seen).toHaveLength(1);
  });
  test("a proxy's own 502 is tried again; its words are not taken for ours", async () => {
    const { seen, call } = await scripted(answers(502, { message: 'Bad Gateway' }), good);
    expect(await call()).toMatchObject({ predictions: [] });
    expect(seen).toHaveLength(2);
    const dead = await scripted(answers(502, { code: 'constructor', error: 'x' }));
    await expect(dead.call({ retries: 0 })).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 502 });
  });
  test('a wait that would go past the timeout is not begun', async () => {
    const { seen, call } = await scripted(answers(503, unavailable, { 'retry-after': '3600' }));
    await expect(call({ timeoutMs: 1000 })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(seen).toHaveLength(1);
  });
  test('TIMEOUT when no answer comes; UNREACHABLE when nobody listens', async () => {
    const { call } = await scripted('hang');
    await expect(call({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
    const nobody = createClient({ url: 'http://127.0.0.1:9', retries: 1 }).model('m', pairSignature);
    await expect(nobody.predict([1])).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/^127\.0\.0\.1:9 can't be reached: /),
    });
  });
  test('a signal ends the call at once, while it waits for an answer or for the next try', async () => {
    for (const script of ['hang' as const, answers(503, unavailable, { 'retry-after': '5' })]) {
      const { call } = await scripted(script);
      const since = performance.now();
      await expect(call({}, AbortSignal.timeout(150))).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(performance.now() - since).toBeLessThan(1000);
    }
  });
});

describe('a job whose results break off', () => {
  /** Answers as a service does whose job is done, with these results. */
  async function serviceWith(results: (response: ServerResponse) => void) {
    const server = createServer((request, response) => {
      if (request.url === '/results') return results(response);
      const result = { url: `http://${request.headers.host}/results` };
      const summary = { version: '1', records: 2, failed: 0 };
      response.end(JSON.stringify({ id: 'j', state: 'done', result, summary }));
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }).model(
      'm',
      pairSignature,
    );
  }
  const row = '{"index":0,"output":{}}\n';

  test('on the way: the rows before, then a RequestError that may be tried again', async () => {
    const model = await serviceWith((response) => {
      response.writeHead(200, { 'content-length': 2 * row.length });
      response.write(row, () => setTimeout(() => response.destroy(), 50));
    });
    const { rows } = await model.predictLarge(new Uint8Array(1), 'application/jsonl');
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const one of rows()) seen.push(one);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'RequestError', code: 'UNREACHABLE', retryable: true });
    expect(seen).toEqual([{ index: 0, output: {} }]);
  });

  test('by the signal: its reason', async () => {
    const model = await serviceWith((response) => response.writeHead(200).write(row));
    const stop = new AbortController();
    const { rows } = await model.predictLarge(new Uint8Array(1), 'application/jsonl', { signal: stop.signal });
    const reading = (async () => {
      for await (const _ of rows()) stop.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
  });
});

test('an upload that meets its own first attempt is sent again: S3 says 409 while that one is under way', async () => {
  const seen: string[] = [];
  const summary = { version: '1', records: 0, failed: 0 };
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const upload = { method: 'PUT', url: `http://127.0.0.1:${port}/upload`, headers: {} };
    seen.push(`${request.method}`);
    request.resume().on('end', () => {
      response.statusCode = seen.filter((method) => method === 'PUT').length === 1 ? 409 : 200;
      if (request.method === 'PUT') return response.end();
      response.statusCode = 200;
      const job = request.method === 'POST' ? { state: 'waiting', upload } : { state: 'done', summary };
      response.end(JSON.stringify({ id: 'a', ...job }));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const model = createClient({ url: `http://127.0.0.1:${port}` }).model('m', pairSignature);
  expect(await model.predictLarge(new Uint8Array(3), 'text/csv')).toMatchObject(summary);
  expect(seen).toEqual(['POST', 'PUT', 'PUT', 'GET']);
});
