import { beforeAll, expect, test } from '@jest/globals';
import { serveCatalog } from '../../lib/index.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const api = client(serveCatalog());

beforeAll(async () => {
  await publishTiny(registry, 'tiny', { description: 'two numbers of three' });
  await registry.store.put('broken/aliases/production.json', Buffer.from('{"version":"1"}'));
});

test('GET / and GET /models list the registry; a broken model does not hide the others', async () => {
  expect((await api.get('/')).json).toMatchObject({ name: 'modelet', models: { tiny: '/models/tiny' } });
  expect((await api.get('/models')).json.models).toEqual([
    { name: 'broken', code: 'MODEL_NOT_FOUND', error: expect.any(String) },
    { name: 'tiny', version: '1', task: 'tensor@1', description: 'two numbers of three', path: '/models/tiny' },
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
    extensions: [],
  });
  expect((await api.get('/v2/health/live')).json).toEqual({ live: true });
  expect((await api.get('/v2/health/ready')).json).toEqual({ ready: true });
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
