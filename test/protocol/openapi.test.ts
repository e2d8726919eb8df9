import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  audioClassification,
  imageClassification,
  type LambdaHandler,
  serveCatalog,
  serveModel,
  tensor,
  textClassification,
} from '../../lib/index.js';
import { parseJobRequest } from '../../lib/jobs/job.js';
import { jobMediaTypes } from '../../lib/jobs/media-types.js';
import { catalogRoutes } from '../../lib/protocol/catalog.js';
import { jobRoutes } from '../../lib/protocol/jobs.js';
import { taskShapes } from '../../lib/protocol/openapi-tasks.js';
import type { Route } from '../../lib/protocol/route.js';
import { taskRoutes } from '../../lib/protocol/task-route.js';
import { tfServingRoutes } from '../../lib/protocol/tf-serving.js';
import { v2Routes } from '../../lib/protocol/v2.js';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import type { Service } from '../../lib/service.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishSmall } from '../support/small-models.js';
import { publishTiny, tinyDraft } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const folder = mkdtempSync(join(tmpdir(), 'modelet-openapi-jobs-'));
process.env.MODELET_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));
const tasks = [tensor, audioClassification, imageClassification, textClassification];
const names = ['digits', 'sentiment', 'spoken-digits', 'half-plus-three', 'pair', 'shades', 'own'];
const catalog = client(serveCatalog());
const handlers = new Map(names.map((name): [string, LambdaHandler] => [name, serveModel(name, { tasks })]));

// biome-ignore lint/suspicious/noExplicitAny: a document, read by its paths
let document: any;
// biome-ignore lint/suspicious/noExplicitAny: likewise
let operations: { path: string; method: string; parts: any }[];

beforeAll(async () => {
  const published = createRegistry(fileStore('models'));
  for (const model of ['digits', 'sentiment', 'spoken-digits']) {
    await pushVersion(published, registry, { model, version: '1', alias: 'production' });
  }
  await publishSmall(registry, 'half-plus-three');
  await publishSmall(registry, 'pair');
  await publishSmall(registry, 'shades');
  await publishTiny(registry, 'own', { task: { name: 'radar@1', options: {} } });
  await publishTiny(registry, 'torn');
  await registry.store.put('torn/versions/1/manifest.json', Buffer.from('{'));
  ({ json: document } = await catalog.get('/openapi.json'));
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as object).map(([method, parts]) => ({ path, method: method.toUpperCase(), parts })),
  );
});

/** A request body where it stands, or what its reference names. */
// biome-ignore lint/suspicious/noExplicitAny: a part of a document
const bodyOf = ({ requestBody }: any): any =>
  requestBody?.$ref === undefined ? requestBody : document.components.requestBodies[requestBody.$ref.split('/').at(-1)];

test('a model that can not be read is left out, the others are described', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(document.tags.map(({ name }: { name: string }) => name)).toEqual(['catalog', ...[...names].sort()]);
});

test('the address is relative to the document, and a key is asked for everywhere but at GET / and health', () => {
  expect(document.servers).toEqual([{ url: '.' }]);
  expect(document.components.securitySchemes.apiKey).toEqual({ type: 'apiKey', in: 'header', name: 'x-api-key' });
  const open = operations.filter(({ parts }) => parts.security?.length === 0).map(({ path }) => path);
  expect({ all: document.security, open }).toEqual({
    all: [{ apiKey: [] }],
    open: ['/', '/v2/health/live', '/v2/health/ready'],
  });
});

test('ids are unique, and every reference leads somewhere', () => {
  const ids = operations.map(({ parts }) => parts.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([\w-]+)"/g)];
  expect(references.length).toBeGreaterThan(100);
  for (const [, kind, name] of references) expect(document.components[kind as string]).toHaveProperty(name as string);
});

describe('every route that is served is described, and no other', () => {
  const lines = (routes: readonly { method: string; path: string }[]) =>
    [...new Set(routes.map(({ method, path }) => `${method} ${path}`))].sort();
  const isRefusal = ({ path }: Route) => path.endsWith(':regress') || path.includes('/repository/models/');

  test('of a model', () => {
    const service = { model: 'shades' } as Service; // no route is called
    const jobs = jobRoutes(service, () => Promise.reject(new Error('no route is called')));
    const routes = [...taskRoutes(service), ...v2Routes(service), ...tfServingRoutes(service), ...jobs];
    const served = lines(routes.filter((route) => !isRefusal(route)));
    const ofModel = operations.filter(({ parts }) => parts.tags[0] === 'shades');
    expect(lines(ofModel).map((line) => line.replace('/models/shades', '/models/{model}'))).toEqual(served);
  });
  test('of the catalog', () => {
    const routes = catalogRoutes({ registry, version: '0', models: [] });
    const own = routes.filter((route) => !route.path.includes('/models/{model}') && !isRefusal(route));
    expect(lines(operations.filter(({ parts }) => parts.tags[0] === 'catalog'))).toEqual(lines(own));
  });
});

test('every request with a body has examples, and each of them works when it is sent', async () => {
  let sent = 0;
  for (const { path, method, parts } of operations) {
    const parameters: { in: string; name: string; example: string }[] = parts.parameters ?? [];
    const target = parameters.reduce(
      (at, { in: where, name, example }) => (where === 'path' ? at.replace(`{${name}}`, example) : at),
      path,
    );
    const handler = handlers.get(parts.tags[0]);
    const api = handler === undefined ? catalog : client(handler);
    const body = bodyOf(parts)?.content['application/json'];
    const examples: { value: unknown }[] = body === undefined ? [{ value: undefined }] : Object.values(body.examples);
    if (parts.tags[0] === 'own') continue; // a task of one's own that no function here knows
    if (target.includes('/jobs/')) continue; // the next test's: there is no job before one is started
    expect([target, examples.length]).not.toContain(0);
    for (const { value } of examples) {
      const { status, json } = method === 'GET' ? await api.get(target) : await api.post(target, value);
      expect({ target, value, status, json }).toMatchObject({ target, status: parts.responses[202] ? 202 : 200 });
      sent++;
    }
  }
  expect(sent).toBeGreaterThan(100);
});

describe('a job', () => {
  test('is started, looked at and removed as described', async () => {
    const api = client(handlers.get('digits') ?? serveCatalog());
    const { examples } = document.components.requestBodies.JobRequest.content['application/json'];
    const { status, json } = await api.post('/models/digits/jobs', examples.lines.value);
    const { properties, required } = document.components.schemas.Job;
    expect([status, required]).toEqual([202, ['id', 'state']]);
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(json)));
    expect(Object.keys(properties.upload.properties)).toEqual(Object.keys(json.upload));
    const [{ schema }] = document.paths['/models/digits/jobs/{id}'].get.parameters;
    expect(json.id).toMatch(new RegExp(schema.pattern));
    expect((await api.get(`/models/digits/jobs/${json.id}`)).status).toBe(200);
    expect((await api.send({ method: 'DELETE', target: `/models/digits/jobs/${json.id}` })).status).toBe(204);
  });
  test('takes the media types that are named', () => {
    const { description } = document.components.schemas.JobRequest.properties.contentType;
    for (const contentType of Object.keys(jobMediaTypes)) {
      expect(description).toContain(contentType);
      expect(parseJobRequest({ bytes: 1, contentType }).ending).toBe(jobMediaTypes[contentType]);
    }
  });
});

test('an input that is too long to show has no example, so that the document stays one that can be read', async () => {
  const golden = {
    name: 'x',
    datatype: 'FP32' as const,
    shape: [1, 5000],
    base64: Buffer.alloc(20_000).toString('base64'),
  };
  const draft = tinyDraft('wide');
  await publishTiny(registry, 'wide', {
    signature: { ...draft.signature, inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 5000] }] },
    golden: { ...draft.golden, inputs: [golden] },
  });
  const { json } = await catalog.get('/openapi.json');
  const { wide_v2_infer } = json.components.requestBodies;
  expect(wide_v2_infer.content['application/json'].examples).toBeUndefined();
  expect(JSON.stringify(wide_v2_infer).length).toBeLessThan(10_000);
});

test('media types are those of the tasks', () => {
  for (const { name, mediaTypes } of tasks)
    expect({ [name]: taskShapes[name]?.mediaTypes }).toEqual({ [name]: mediaTypes });
});
