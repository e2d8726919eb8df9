import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { storeTensors } from '../lib/core/stored-tensor.js';
import { makeTensor } from '../lib/core/tensor.js';
import { startTimings } from '../lib/core/timings.js';
import { production } from '../lib/core/version-ref.js';
import { publishVersion } from '../lib/registry/publish.js';
import { createRegistry, type Registry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import type { Service } from '../lib/service.js';
import { type Fault, type FaultProxy, startFaultProxy } from './support/fault-proxy.js';
import { memoryStore } from './support/memory-store.js';
import { describeWithS3, type S3Server, startS3Server } from './support/s3-server.js';
import { tensorService } from './support/tensor-service.js';

/** 8 MiB of weights, a part of their file. */
const partColumns = 2 ** 19;
const rows = 4;
const weightAt = (row: number, column: number) => Number(column % (row + 2) === 0);
const question = [1, 2, 3, 4];
/** The sum of a row of weights, times its input: every weight counts, and FP32 holds all sums exactly. */
const answerOf = (parts: number) =>
  question.reduce((sum, x, row) => sum + x * Math.ceil((parts * partColumns) / (row + 2)), 0);

async function publishWide(registry: Registry, parts: number): Promise<void> {
  const columns = parts * partColumns;
  const weights = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) weights[row * columns + column] = weightAt(row, column);
  }
  const float = { type: 'DT_FLOAT' };
  const constant = (name: string, dtype: string) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype } } },
  });
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: float } },
    constant('w', 'DT_FLOAT'),
    constant('axis', 'DT_INT32'),
    {
      name: 'wide',
      op: 'MatMul',
      input: ['x', 'w'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    { name: 'y', op: 'Sum', input: ['wide', 'axis'], attr: { T: float, keep_dims: { b: true } } },
  ];
  const weightsManifest = [
    {
      paths: ['small.bin', 'weights.bin'],
      weights: [
        { name: 'axis', shape: [1], dtype: 'int32' },
        { name: 'w', shape: [rows, columns], dtype: 'float32' },
      ],
    },
  ];
  const stored = (name: string, values: readonly number[]) =>
    storeTensors(new Map([[name, makeTensor('FP32', [1, values.length], Float32Array.from(values))]]));
  await publishVersion(registry, {
    model: 'wide',
    source: { format: 'test' },
    signature: {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, rows] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    },
    task: { name: 'tensor@1', options: {} },
    golden: {
      by: 'arithmetic',
      tolerance: 1e-6,
      inputs: stored('x', question),
      outputs: stored('y', [answerOf(parts)]),
    },
    metrics: {},
    files: new Map<string, Uint8Array>([
      ['model.json', Buffer.from(JSON.stringify({ modelTopology: { node, versions: {} }, weightsManifest }))],
      ['small.bin', new Uint8Array(Int32Array.of(1).buffer)],
      ['weights.bin', new Uint8Array(weights.buffer)],
    ]),
  });
}

async function ask(service: Service): Promise<number | undefined> {
  const manifest = await service.describe(production);
  const instance = { kind: 'numbers' as const, value: question };
  const [outputs] = await service.predict(manifest, [instance], startTimings(), () => 'body');
  return outputs?.get('y')?.data[0];
}

describeWithS3('loading from an S3 that fails', () => {
  const environment = { ...process.env };
  const parts = /^GET .*weights\.bin$/;
  const count = 3;
  const answer = answerOf(count);
  let server: S3Server;
  let proxy: FaultProxy;

  /** A service that has asked which version to load, through this proxy, and nothing more. */
  const begin = async (through = proxy): Promise<Service> => {
    Object.assign(process.env, server.env(through.endpoint));
    const service = await tensorService('wide', createRegistry(await openStore('s3://models')));
    await service.describe(production);
    return service;
  };

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket('models');
    proxy = await startFaultProxy(server.endpoint);
    Object.assign(process.env, server.env());
    await publishWide(createRegistry(await openStore('s3://models')), count);
  });

  afterAll(async () => {
    process.env = environment;
    await proxy?.stop();
    await server?.stop();
  });

  beforeEach(() => {
    proxy.heal();
    proxy.forget();
  });

  test('without a fault each part is read once, in one range, however many first requests come', async () => {
    const service = await begin();
    proxy.fail('slow', { only: parts });
    expect(await Promise.all(Array.from({ length: 10 }, () => ask(service)))).toEqual(Array(10).fill(answer));
    expect(proxy.count(parts)).toBe(count);
    expect(proxy.count(/small\.bin$/)).toBe(1);
  });

  // More often than the SDK itself would try a request again.
  test.each<[string, Fault, number]>([
    ['503 SlowDown', 'unavailable', 5],
    ['connections that break', 'reset', 5],
    ['connections that break in the middle of a part', 'cut', 3],
    ['wrong bytes of the right length', 'wrong-bytes', 1],
  ])('%s: parts are read again, and the same request is answered', async (_, fault, times) => {
    const service = await begin();
    proxy.fail(fault, { times, only: parts });
    expect(await ask(service)).toBe(answer);
    expect(proxy.count(parts)).toBe(count + times);
  });

  test.each<[string, Fault, string]>([
    ['503 SlowDown', 'unavailable', 'MODEL_UNAVAILABLE'],
    ['connections that break', 'reset', 'MODEL_UNAVAILABLE'],
    ['connections that break in the middle of a part', 'cut', 'MODEL_UNAVAILABLE'],
    ['an expired credential', 'expired', 'MODEL_UNAVAILABLE'],
    ['a bucket that vanishes', 'gone', 'MODEL_UNAVAILABLE'],
    ['wrong bytes of the right length', 'wrong-bytes', 'MODEL_CORRUPT'],
  ])('%s for good: refused, nothing goes on behind it, and the next request is answered', async (_, fault, code) => {
    const service = await begin();
    proxy.fail(fault, { only: parts });
    await expect(ask(service)).rejects.toMatchObject({ code });
    // What was on its way when it failed still arrives.
    await sleep(500);
    const tried = proxy.count(parts);
    await sleep(500);
    expect(proxy.count(parts)).toBe(tried);
    proxy.heal();
    expect(await Promise.all([ask(service), ask(service)])).toEqual([answer, answer]);
    expect(proxy.count(parts)).toBe(tried + count);
  });

  test('sockets that stall: tried again, and given up within the time that a request has', async () => {
    const stalling = async (fault: Fault, times?: number) => {
      const own = await startFaultProxy(server.endpoint);
      const service = await begin(own);
      own.fail(fault, { only: parts, ...(times !== undefined && { times }) });
      const since = performance.now();
      const outcome = await ask(service).catch((error) => error.code);
      expect(performance.now() - since).toBeLessThan(25_000);
      own.heal();
      expect(await ask(service)).toBe(answer);
      await own.stop();
      return outcome;
    };
    const started = [await begin(), stalling('stall', 1)];
    await sleep(200);
    started.push(stalling('stall-body', 1));
    await sleep(200);
    started.push(stalling('stall'));
    expect((await Promise.all(started)).slice(1)).toEqual([answer, answer, 'MODEL_UNAVAILABLE']);
  });

  test('connections that died while the function was frozen', async () => {
    const service = await begin();
    proxy.hangUp();
    expect(await ask(service)).toBe(answer);
  });
});

test('a file that is replaced while it is read: the load starts again once, and what it finds decides', async () => {
  const registry = createRegistry(memoryStore(2 ** 20));
  // More parts than are read at once.
  const parts = 7;
  await publishWide(registry, parts);
  const answer = answerOf(parts);
  const key = 'wide/versions/1/weights.bin';
  const published = (await registry.store.get(key))?.body as Uint8Array;
  const other = Uint8Array.from(published);
  other.fill(0, 0, 4);
  for (const [putBack, outcome] of [
    [true, answer],
    [false, 'MODEL_CORRUPT'],
  ] as const) {
    await registry.store.put(key, published);
    let reads = 0;
    let changed = 0;
    const store = {
      ...registry.store,
      readInto: async (...call: Parameters<typeof registry.store.readInto>) => {
        if (++reads === parts) await registry.store.put(key, other);
        const found = await registry.store.readInto(...call);
        if (found === 'changed' && ++changed === 1 && putBack) await registry.store.put(key, published);
        return found;
      },
    };
    const service = await tensorService('wide', createRegistry(store));
    expect(await ask(service).catch((error) => error.code)).toBe(outcome);
    expect(changed).toBe(1);
    await registry.store.put(key, published);
    expect(await ask(service)).toBe(answer);
  }
});
