// What `sls package` made, unchanged, as Lambda would run it; its weights come from a real S3 server behind a proxy that
// counts the requests and makes them fail.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry, type Registry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { s3Store } from '../../lib/registry/stores/s3-store.js';
import { greyPng } from '../../training/grey-png.js';
import { type LabelledImages, readMnist } from '../../training/mnist.js';
import { createService, slsPackage } from '../serverless/package-service.js';
import {
  type ApiAnswer,
  type ApiRequest,
  functionUrlEvent,
  httpApiEvent,
  readAnswer,
  restEvent,
} from '../support/api-events.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import { type Lambda, lambdaClientInstalled, startLambda } from '../support/lambda-runtime.js';
import { requirePart } from '../support/requires.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';

const mnist = '../shared/data/mnist';
const bucket = 'models';
const weights = /\.bin$/;
const model = { model: 'digits', version: '1' };

const needs = [
  describeWithS3,
  requirePart('aws-lambda-ric', lambdaClientInstalled, 'npm run lambda-client'),
  requirePart(`MNIST (${mnist})`, existsSync(mnist), 'a copy of shared/ beside this checkout'),
];
const describeZip = needs.includes(describe.skip) ? describe.skip : describe;

describeZip('the packaged zip on Node 24', () => {
  let service: string;
  let zips: string;
  let s3: S3Server;
  let proxy: FaultProxy;
  let images: LabelledImages;
  const running: Lambda[] = [];

  /** The function as its deployment has it, with the registry at `s3://models/<prefix>` behind the proxy. */
  async function start(name: string, prefix = 'registry', own: Readonly<Record<string, string>> = {}): Promise<Lambda> {
    const registry = { MODELET_REGISTRY: `s3://${bucket}/${prefix}`, MODELET_MODELS: 'digits' };
    const env = { ...s3.env(proxy.endpoint), ...registry, ...own };
    const lambda = await startLambda({ zip: join(zips, `${name}.zip`), handler: 'index.handler', env });
    running.push(lambda);
    return lambda;
  }

  /** A test image of that digit as a person would send it. */
  function pngOf(digit: number): ApiRequest {
    const { side } = images;
    const index = images.labels.indexOf(digit);
    const data = images.images.slice(index * side * side, (index + 1) * side * side);
    const body = greyPng(data, side);
    return { method: 'POST', target: '/models/digits', headers: { 'Content-Type': 'image/png' }, body };
  }

  beforeAll(async () => {
    images = readMnist(mnist, 't10k');
    service = await createService();
    const packaged = await slsPackage(service);
    expect(packaged).toMatchObject({ code: 0 });
    zips = packaged.folder;
    s3 = await startS3Server();
    await s3.createBucket(bucket);
    proxy = await startFaultProxy(s3.endpoint);
    Object.assign(process.env, s3.env());
    await push(s3Registry('registry'));
  });

  afterAll(async () => {
    await Promise.all(running.map((lambda) => lambda.stop()));
    await proxy?.stop();
    await s3?.stop();
    if (service !== undefined) rmSync(service, { recursive: true });
  });

  describe.each([
    ['a REST API', restEvent],
    ['an HTTP API', httpApiEvent],
    ['a function URL', functionUrlEvent],
  ])('behind %s', (_door, eventOf) => {
    let digits: Lambda;

    test('fetches nothing before the first request', async () => {
      proxy.forget();
      digits = await start('digits');
      await new Promise((done) => setTimeout(done, 200));
      expect(proxy.requests).toEqual([]);
    });

    test('fetches the weights at the first request, and answers right', async () => {
      const answer = readAnswer(await digits.invoke(eventOf(pngOf(7))));
      expect(answer.status).toBe(200);
      expect(bodyOf(answer)).toMatchObject({ ...model, label: '7' });
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'x-modelet-model': 'digits',
        'x-modelet-version': '1',
        'server-timing': expect.stringMatching(/^cold, .*pre;dur=.*infer;dur=.*post;dur=/),
      });
      for (const stage of ['boot', 'code', 'runtime', 'manifest', 'weights', 'model', 'predict', 'load']) {
        expect(answer.headers['server-timing']).toMatch(new RegExp(`, ${stage};dur=\\d`));
      }
      expect(proxy.count(weights)).toBeGreaterThan(0);
    });

    test('fetches nothing of the version again', async () => {
      proxy.forget();
      for (let digit = 0; digit < 10; digit++) {
        const answer = readAnswer(await digits.invoke(eventOf(pngOf(digit))));
        expect(bodyOf(answer)).toMatchObject({ label: String(digit) });
        expect(answer.headers['server-timing']).not.toMatch(/cold|load|code|predict/);
      }
      expect(proxy.count(/\/versions\//)).toBe(0);
      expect(digits.starts()).toBe(1);
    });
  });

  test('a weight file that was changed is MODEL_CORRUPT, never a number', async () => {
    const registry = s3Registry('corrupt');
    const { files } = await push(registry);
    // Also the plan's constants: a plan that is damaged alone is made anew from the weights.
    for (const { name } of files.filter(({ name }) => weights.test(name))) {
      const key = `digits/versions/1/${name}`;
      const bytes = Buffer.from((await registry.store.get(key))?.body ?? []);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1; // one bit in the middle
      await registry.store.put(key, bytes);
    }

    const digits = await start('digits', 'corrupt');
    for (const attempt of ['first', 'second']) {
      const answer = readAnswer(await digits.invoke(restEvent(pngOf(7))));
      expect([attempt, answer.status]).toEqual([attempt, 500]);
      expect(bodyOf(answer)).toEqual({
        error: expect.stringContaining('checksum'),
        code: 'MODEL_CORRUPT',
        requestId: expect.any(String),
      });
    }
  });

  test('a store that fails is MODEL_UNAVAILABLE; once it is back, the same process answers', async () => {
    const digits = await start('digits');
    const invoke = async (): Promise<ApiAnswer> => readAnswer(await digits.invoke(restEvent(pngOf(7))));
    const outages = [
      () => proxy.fail('unavailable'),
      () => proxy.fail('reset'),
      () => proxy.fail('unavailable', { only: weights }),
      () => proxy.fail('cut', { only: weights }),
    ];
    for (const breakIt of outages) {
      breakIt();
      const answer = await invoke();
      expect(answer.status).toBe(503);
      expect(bodyOf(answer)).toMatchObject({ code: 'MODEL_UNAVAILABLE' });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    proxy.heal();
    const answer = await invoke();
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toMatchObject({ label: '7' });
    expect(digits.starts()).toBe(1);
  });

  test.each([
    ['MODELET_PRELOAD=init', { MODELET_PRELOAD: 'init' }],
    ['provisioned concurrency', { AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' }],
  ])('%s loads production in the init phase; the first request finds it loaded', async (_, own) => {
    proxy.forget();
    const digits = await start('digits', 'registry', own);
    expect(proxy.count(weights)).toBeGreaterThan(0);
    proxy.forget();
    const answer = readAnswer(await digits.invoke(restEvent(pngOf(7))));
    expect([answer.status, bodyOf(answer)]).toMatchObject([200, { label: '7' }]);
    expect(answer.headers['server-timing']).toMatch(/^cold, .*weights;dur=.*predict;dur=/);
    expect(answer.headers['server-timing']).not.toMatch(/load/);
    expect(proxy.requests).toEqual([]);
  });

  test('a preload that fails does not end the init, and the first request tries again', async () => {
    proxy.fail('unavailable', { only: weights });
    const digits = await start('digits', 'registry', { MODELET_PRELOAD: 'init' });
    expect(digits.logs()).toContain('nothing was preloaded');
    proxy.heal();
    const answer = readAnswer(await digits.invoke(restEvent(pngOf(7))));
    expect([answer.status, bodyOf(answer), digits.starts()]).toMatchObject([200, { label: '7' }, 1]);
  });

  test('a setting that means nothing is told to the request', async () => {
    const digits = await start('digits', 'registry', { MODELET_PRELOAD: 'always' });
    const answer = readAnswer(await digits.invoke(restEvent(pngOf(7))));
    expect([answer.status, bodyOf(answer)]).toMatchObject([503, { error: expect.stringContaining('MODELET_PRELOAD') }]);
  });

  test('the catalog lists the models and answers what no model owns', async () => {
    const catalog = await start('catalog');
    const ask = async (method: string, target: string): Promise<ApiAnswer> =>
      readAnswer(await catalog.invoke(restEvent({ method, target })));

    proxy.forget();
    const live = await ask('GET', '/v2/health/live');
    expect([live.status, bodyOf(live)]).toEqual([200, { live: true }]);
    expect(proxy.requests).toEqual([]);
    const index = await ask('GET', '/');
    expect([index.status, bodyOf(index)]).toMatchObject([200, { models: { digits: '/models/digits' } }]);
    const list = await ask('GET', '/models');
    expect([list.status, bodyOf(list)]).toMatchObject([200, { models: [{ name: 'digits', version: '1' }] }]);
    const nowhere = await ask('GET', '/nowhere');
    expect([nowhere.status, bodyOf(nowhere)]).toMatchObject([
      404,
      { code: 'NOT_FOUND', requestId: expect.any(String) },
    ]);
    const wrong = await ask('DELETE', '/models');
    expect([wrong.status, bodyOf(wrong)]).toMatchObject([405, { code: 'METHOD_NOT_ALLOWED' }]);
    expect(proxy.count(weights)).toBe(0);
  });
});

function s3Registry(prefix: string): Registry {
  return createRegistry(s3Store(`s3://${bucket}/${prefix}`));
}

async function push(to: Registry): Promise<{ files: readonly { name: string }[] }> {
  const { manifest } = await pushVersion(createRegistry(fileStore('models')), to, { ...model, alias: 'production' });
  return manifest;
}

function bodyOf(answer: ApiAnswer): unknown {
  return JSON.parse(answer.body.toString('utf8'));
}
