import { renameSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { PNG } from 'pngjs';
import { imageClassification, serveModel } from '../../lib/index.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

// Small requests that ask for much: each is refused, or ends with its deadline, in little memory.
process.env.MODELET_REGISTRY = './models';
const digits = serveModel('digits', { tasks: [imageClassification] });

test('a "context" for a million examples is a 413', async () => {
  const context = { image: Array.from({ length: 784 }, () => 0) };
  const body = { context, examples: Array.from({ length: 1_000_000 }, () => ({})) };
  const { status, json } = await client(digits).post('/v1/models/digits:classify', body);
  expect({ status, code: json.code }).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
});

test.each([
  ['empty rows', '[]'],
  ['empty objects', '{}'],
  ['bare numbers', '1'],
])('of a million wrong rows (%s) the first is told', async (_, row) => {
  const body = `{"instances":[${Array.from({ length: 1_000_000 }, () => row).join()}]}`;
  const { status, json } = await client(digits).post('/v1/models/digits:predict', body);
  expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
  expect(json.error).toMatch(/^instances\[0\]/);
});

test('work that a small body asks for ends with the deadline, and others get their turn meanwhile', async () => {
  const image = new PNG({ width: 384, height: 384 });
  image.data.fill(255);
  for (let y = 100; y < 250; y++) image.data.fill(0, 4 * (384 * y + 185), 4 * (384 * y + 200)); // a one
  const b64 = PNG.sync.write(image).toString('base64');
  const body = { instances: Array.from({ length: 1_000 }, () => ({ b64 })) };
  await client(digits).get('/v2/models/digits/ready');
  let answered = 0;
  const others = setInterval(() => {
    client(digits)
      .get('/nowhere')
      .then(() => answered++);
  }, 200);
  const { status, json } = await client(digits, 6_000).post('/models/digits', body);
  clearInterval(others);
  expect({ status, code: json.code }).toEqual({ status: 504, code: 'DEADLINE_EXCEEDED' });
  expect(answered).toBeGreaterThan(0);
});

test('a registry folder that is gone is no empty registry', async () => {
  const { store } = temporaryRegistry();
  const registry = createRegistry(fileStore(store.location));
  await publishTiny(registry);
  expect(await registry.models()).toEqual(['tiny']);
  renameSync(store.location, `${store.location}-away`);
  await expect(registry.models()).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  await expect(registry.resolve('tiny', { alias: 'production' })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  renameSync(`${store.location}-away`, store.location);
  expect(await registry.models()).toEqual(['tiny']);
});
