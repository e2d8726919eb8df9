import { beforeAll, describe, expect, test } from '@jest/globals';
import { serveCatalog } from '../../lib/index.js';
import { setAlias } from '../../lib/registry/move-alias.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const api = client(serveCatalog());

beforeAll(async () => {
  await publishTiny(registry, 'tiny', { description: 'two numbers of three' });
  await publishTiny(registry, 'tiny');
  await setAlias(registry, 'tiny', 'staging', '2');
  await registry.store.put('broken/aliases/production.json', Buffer.from('{"version":"1"}'));
});

test('GET / and GET /models list the registry; a broken model does not hide the others', async () => {
  expect((await api.get('/')).json).toMatchObject({ name: 'modelet', models: { tiny: '/models/tiny' } });
  expect((await api.get('/models')).json.models).toEqual([
    { name: 'broken', code: 'MODEL_NOT_FOUND', error: expect.any(String) },
    {
      name: 'tiny',
      version: '1',
      task: 'tensor@1',
      description: 'two numbers of three',
      path: '/models/tiny',
      aliases: { production: '1', staging: '2' },
    },
  ]);
});

test('a deployment lists what MODELET_MODELS names', async () => {
  process.env.MODELET_MODELS = 'tiny,absent';
  const deployed = client(serveCatalog());
  const { json } = await deployed.get('/models');
  expect(json.models).toMatchObject([{ name: 'tiny' }, { name: 'absent', code: 'MODEL_NOT_FOUND' }]);
  delete process.env.MODELET_MODELS;
});

test('V2 server routes', async () => {
  expect((await api.get('/v2')).json).toEqual({
    name: 'modelet',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    extensions: ['binary_tensor_data'],
  });
  expect((await api.get('/v2/health/live')).json).toEqual({ live: true });
  expect((await api.get('/v2/health/ready')).json).toEqual({ ready: true });
});

describe("Triton's model repository extension", () => {
  const index = (body: unknown) => api.post('/v2/repository/index', body);
  const ready = (version: string) => ({ name: 'tiny', version, state: 'READY', reason: '' });

  test('index: every version of every model; only those that answer, if asked', async () => {
    const broken = { name: 'broken', state: 'UNAVAILABLE', reason: 'it has no version; publish or push one' };
    for (const body of ['', {}, { ready: false }]) {
      expect((await index(body)).json).toEqual([broken, ready('1'), ready('2')]);
    }
    expect((await index({ ready: true })).json).toEqual([ready('1'), ready('2')]);
  });
  test('a version whose manifest is broken is there with the reason', async () => {
    await publishTiny(registry, 'torn');
    await registry.store.put('torn/versions/1/manifest.json', Buffer.from('{'));
    expect((await index('')).json).toContainEqual({
      name: 'torn',
      version: '1',
      state: 'UNAVAILABLE',
      reason: expect.stringMatching(/is not JSON/),
    });
    await registry.store.delete('torn/versions/1/manifest.json');
  });
  test.each([
    ['{', 'INVALID_REQUEST'],
    [[], 'INVALID_REQUEST'],
    [{ ready: 'yes' }, 'INVALID_INPUT'],
  ])('400 for %j', async (body, code) => {
    expect(await index(body)).toMatchObject({ status: 400, json: { code } });
  });
  test('load and unload are not served, and the answer says what is', async () => {
    for (const action of ['load', 'unload']) {
      expect(await api.post(`/v2/repository/models/tiny/${action}`, {})).toMatchObject({
        status: 404,
        json: { code: 'NOT_FOUND', error: expect.stringContaining('GET /v2/models/tiny/ready') },
      });
    }
  });
});

test("routes of a deployed model that its function doesn't have, as the gateway sends them here", async () => {
  const error = async (method: string, target: string) => (await api.send({ method, target })).json.error;
  expect(await error('POST', '/v1/models/tiny:regress')).toMatch(/^:regress is not served/);
  expect(await error('POST', '/v1/models/tiny:explain')).toMatch(/^'tiny' has no such route/);
  expect(await error('POST', '/v1/models/absent:regress')).toMatch(/^there is no model 'absent'/);
});

test.each([
  ['GET', '/models/absent', 404, 'MODEL_NOT_FOUND'],
  ['POST', '/models/absent', 404, 'MODEL_NOT_FOUND'],
  ['POST', '/v1/models/absent:predict', 404, 'MODEL_NOT_FOUND'],
  ['POST', '/v2/models/absent/infer', 404, 'MODEL_NOT_FOUND'],
  ['GET', '/v2/models/absent/versions/1', 404, 'MODEL_NOT_FOUND'],
  ['GET', '/nowhere', 404, 'NOT_FOUND'],
  ['GET', '//evil.example/v2', 404, 'NOT_FOUND'],
  ['DELETE', '/models', 405, 'METHOD_NOT_ALLOWED'],
  ['POST', '/', 405, 'METHOD_NOT_ALLOWED'],
])('%s %s is %i %s, in our form', async (method, target, status, code) => {
  const answer = await api.send({ method, target });
  expect(answer).toMatchObject({ status, json: { code, error: expect.any(String), requestId: expect.any(String) } });
});
