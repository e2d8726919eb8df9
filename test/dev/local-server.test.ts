import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LambdaHandler } from '../../lib/aws/lambda-handler.js';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { tensor } from '../../lib/index.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const servers: Server[] = [];

async function listen(handlerFor: (path: string) => Promise<LambdaHandler>, apiKey?: string): Promise<string> {
  const server = createLocalServer({ handlerFor, apiKey });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let base: string;
let locked: string;
beforeAll(async () => {
  await publishTiny(registry);
  const handlers = (await localModels('/nonexistent', registry, [tensor])).handlerFor;
  base = await listen(handlers);
  locked = await listen(handlers, 'a secret');
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const post = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

test('serves a model of the registry that has no function of its own; one published later too', async () => {
  expect(await (await post(`${base}/models/tiny`, '[1,2,3]')).json()).toMatchObject({
    outputs: { y: tinyOutput([[1, 2, 3]])[0] },
  });
  expect((await post(`${base}/models/later`, '[1,2,3]')).status).toBe(404);
  await publishTiny(registry, 'later');
  expect((await post(`${base}/v1/models/later:predict`, '{"instances":[[1,2,3]]}')).status).toBe(200);
  expect(await (await fetch(`${base}/models`)).json()).toMatchObject({ models: [{ name: 'later' }, { name: 'tiny' }] });
});

describe('limits, as API Gateway and Lambda have them', () => {
  test('4.5 MB is taken, one byte more is a 413; up to 32 MB are drained, so that the client sees it', async () => {
    const limit = 4_500_000;
    expect((await post(`${base}/models/tiny`, `[1,2,3]${' '.repeat(limit - 7)}`)).status).toBe(200);
    for (const size of [limit + 1, 20 * 1024 * 1024]) {
      const answer = await post(`${base}/models/tiny`, ' '.repeat(size));
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        error: expect.any(String),
        requestId: expect.any(String),
      });
    }
  });
  test('a body that never ends is cut off', async () => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    socket.on('error', () => undefined); // a reset while we still write
    socket.write('POST /models/tiny HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000), Buffer.from('\r\n')]);
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await new Promise((resolve) => socket.on('close', resolve));
    expect((await fetch(`${base}/v2/health/live`)).status).toBe(200);
  });
  test('an answer larger than Lambda lets through is a 413 of ours', async () => {
    const big = await listen(async () => async () => ({
      statusCode: 200,
      headers: {},
      body: 'x'.repeat(6 * 1024 * 1024 + 1),
      isBase64Encoded: false,
    }));
    expect(await (await fetch(big)).json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });
  test('a handler that throws is a 500 in our form, and the server goes on', async () => {
    const broken = await listen(async () => () => Promise.reject(new Error('a secret of ours')));
    for (let count = 0; count < 2; count++) {
      const answer = await fetch(broken);
      expect(answer.status).toBe(500);
      expect(JSON.stringify(await answer.json())).not.toContain('secret');
    }
  });
});

describe('MODELET_API_KEY', () => {
  test.each([undefined, 'wrong', ''])('403 with key %p', async (key) => {
    const answer = await fetch(`${locked}/models`, key === undefined ? {} : { headers: { 'x-api-key': key } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'FORBIDDEN' });
  });
  test('the right key opens; GET / and health need none', async () => {
    expect((await fetch(`${locked}/models`, { headers: { 'x-api-key': 'a secret' } })).status).toBe(200);
    for (const path of ['/', '/v2/health/live', '/v2/health/ready'])
      expect((await fetch(locked + path)).status).toBe(200);
    expect((await fetch(`${locked}/`, { method: 'POST' })).status).toBe(403);
  });
});

test('queries with repeated names and odd encodings arrive', async () => {
  expect((await fetch(`${base}/models/tiny?version=1&version=1&x=%F0%9F%98%80&y=%zz`)).status).toBe(200);
  expect((await fetch(`${base}/models/tiny?version=2`)).status).toBe(404);
});

test('what is no HTTP is refused in the one form of errors, under an id of its own', async () => {
  const { port } = new URL(base);
  const socket = connect(Number(port), '127.0.0.1');
  socket.end('GARBAGE\r\n\r\n');
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    code: 'INVALID_REQUEST',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});
