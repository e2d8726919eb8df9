import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { Manifest } from '../lib/core/manifest.js';
import { startTimings } from '../lib/core/timings.js';
import { production } from '../lib/core/version-ref.js';
import { serveModel, tensor } from '../lib/index.js';
import { rollBack, setAlias, setCanary } from '../lib/registry/move-alias.js';
import type { Registry } from '../lib/registry/registry.js';
import { createService, type Service } from '../lib/service.js';
import { openEngine } from './support/engine.js';
import { client, temporaryRegistry } from './support/serve.js';
import { publishScaled } from './support/tiny-model.js';

interface Event {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

let registry: Registry;
let events: Event[];
const clock = performance.now;
let ahead = 0;

beforeEach(() => {
  registry = temporaryRegistry();
  events = [];
  ahead = 0;
  performance.now = () => clock.call(performance) + ahead;
});
afterEach(() => {
  performance.now = clock;
});

async function serviceOn(budget = 2 ** 30, lookEveryMs = 0): Promise<Service> {
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    event: (name: string, fields = {}) => void events.push({ name, fields }),
  };
  const engine = await openEngine('wasm');
  return createService({ model: 'tiny', registry, engine, tasks: [tensor], log, budget, lookEveryMs });
}

/** One request: the version that answered, checked by its output, which is the version's own number times the input. */
async function ask(service: Service, canaryKey?: string): Promise<string> {
  const manifest = await service.describe(production, canaryKey);
  await expectAnswer(service, manifest);
  return manifest.version;
}

async function expectAnswer(service: Service, manifest: Manifest): Promise<void> {
  const field = () => 'body';
  const instances = [{ kind: 'numbers' as const, value: [1, 2, 3] }];
  const [outputs] = await service.predict(manifest, instances, startTimings(), field);
  expect([...(outputs?.get('y')?.data ?? [])]).toEqual([
    Number(manifest.version),
    2 * Number(manifest.version),
    3 * Number(manifest.version),
  ]);
}

/** Requests until one is answered by the version. */
async function askUntil(service: Service, version: string): Promise<number> {
  for (let count = 1; count < 1000; count++) {
    if ((await ask(service)) === version) return count;
    await new Promise(setImmediate);
  }
  throw new Error(`version ${version} never answered`);
}

/** After it a version that serves no alias any more is gone, ms. */
const moment = 1200;

describe('hot swap', () => {
  test('the old version answers until the new one is loaded and checked; then it is freed', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    expect(await ask(service)).toBe('1');
    await setAlias(registry, 'tiny', 'production', '2');
    expect(await ask(service)).toBe('1');
    await askUntil(service, '2');
    await sleep(moment);
    expect(service.state()).toMatchObject({ loaded: ['2'] });
    expect(events.map(({ name }) => name)).toEqual(['AliasMoved', 'VersionSwapped']);
    expect(events[1]?.fields).toEqual({ model: 'tiny', alias: 'production', version: '2', from: '1' });
  });

  test('100 swaps: every answer comes from the version that its manifest names, and memory stays flat', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    await ask(service);
    const held = async () => {
      // A version that was just loaded predicts for up to 0.3 s more by itself, and is freed after that.
      await sleep(moment + 500);
      const { numTensors, numBytes } = tf.engine().state;
      return { numTensors, numBytes };
    };
    let flat = await held();
    for (let swap = 1; swap <= 100; swap++) {
      const version = swap % 2 === 1 ? '2' : '1';
      await setAlias(registry, 'tiny', 'production', version);
      await askUntil(service, version);
      if (swap === 3) flat = await held();
    }
    expect(await held()).toEqual(flat);
  });

  test('a request that chose a version before it was dropped finds it loaded', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    await ask(service);
    const chosen = await service.describe(production);
    await setAlias(registry, 'tiny', 'production', '2');
    await askUntil(service, '2');
    // Not even its files are there any more.
    for (const name of ['model.json', 'weights.bin', 'manifest.json'])
      await registry.store.delete(`tiny/versions/1/${name}`);
    await expectAnswer(service, chosen);
  });

  test('a version that is damaged never serves; the old one goes on, and the next move works', async () => {
    for (let count = 0; count < 3; count++) await publishScaled(registry);
    await registry.store.put('tiny/versions/2/weights.bin', Buffer.alloc(36));
    const service = await serviceOn();
    await ask(service);
    await setAlias(registry, 'tiny', 'production', '2');
    const refused = () => events.filter(({ name }) => name === 'SwapRefused');
    // It is tried beside requests, and once.
    for (let after = 0, count = 0; after < 20 && count < 2000; count++) {
      expect(await ask(service)).toBe('1');
      await new Promise(setImmediate);
      after += refused().length;
    }
    expect(refused()).toHaveLength(1);
    expect(refused()[0]?.fields).toMatchObject({
      version: '2',
      serving: '1',
      reason: expect.stringContaining('checksum'),
    });
    await setAlias(registry, 'tiny', 'production', '3');
    await askUntil(service, '3');
  });

  test.each([
    [
      'names a version that is gone',
      async () => {
        await setAlias(registry, 'tiny', 'production', '2');
        await registry.store.delete('tiny/versions/2/manifest.json');
      },
    ],
    ['is no alias file any more', () => registry.store.put('tiny/aliases/production.json', Buffer.from('{'))],
    ['is gone', () => registry.store.delete('tiny/aliases/production.json')],
  ])('what was running goes on when the alias %s', async (_, damage) => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    await ask(service);
    await damage();
    for (let count = 0; count < 20; count++) {
      expect(await ask(service)).toBe('1');
      await new Promise(setImmediate);
    }
  });

  test('a load that nobody could finish in a minute is waited for by one request', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    await ask(service);
    await setAlias(registry, 'tiny', 'production', '2');
    // As on Lambda: nothing runs between two requests.
    expect((await service.describe(production)).version).toBe('1');
    ahead = 60_001;
    const both = await Promise.all([service.describe(production), service.describe(production)]);
    expect(both.map(({ version }) => version).sort()).toEqual(['1', '2']);
  });

  test('a version deleted while it serves goes on', async () => {
    await publishScaled(registry);
    const service = await serviceOn();
    await ask(service);
    for (const name of ['manifest.json', 'model.json', 'weights.bin'])
      await registry.store.delete(`tiny/versions/1/${name}`);
    expect(await ask(service)).toBe('1');
  });

  test('where both have no room the old one stays, and says why', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const { files } = await registry.manifest('tiny', '1');
    await sleep(moment);
    const service = await serviceOn(files.reduce((sum, { bytes }) => sum + bytes, 0) + 10);
    await ask(service);
    await setAlias(registry, 'tiny', 'production', '2');
    for (let count = 0; count < 20; count++) expect(await ask(service)).toBe('1');
    const refused = events.find(({ name }) => name === 'SwapRefused');
    expect(refused?.fields.reason).toMatch(/^no room for 1 MiB of weights more/);
  });
});

describe('canary', () => {
  test('takes its share of 10,000 requests, within 1 %', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn(2 ** 30, 30_000);
    await setCanary(registry, 'tiny', 'production', { version: '2', percent: 10 });
    while ((await ask(service)) !== '2') await new Promise(setImmediate);
    let canary = 0;
    for (let count = 0; count < 10_000; count++) if ((await service.describe(production)).version === '2') canary++;
    expect(Math.abs(canary / 100 - 10)).toBeLessThan(1);
  });

  test('a key never flips while the percentage grows', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    const keys = Array.from({ length: 400 }, (_, index) => `caller-${index}`);
    let before = new Set<string>();
    for (const percent of [1, 5, 20, 50, 90]) {
      await setCanary(registry, 'tiny', 'production', { version: '2', percent });
      while (!service.state().loaded.includes('2')) await ask(service, keys[Math.floor(Math.random() * 400)]);
      const now = new Set<string>();
      for (const key of keys) if ((await service.describe(production, key)).version === '2') now.add(key);
      expect([...before].filter((key) => !now.has(key))).toEqual([]);
      expect(Math.abs(now.size / 4 - percent)).toBeLessThan(8);
      before = now;
    }
  });

  test('is ended by a rollback; its version is freed', async () => {
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    const service = await serviceOn();
    await ask(service);
    await setCanary(registry, 'tiny', 'production', { version: '2', percent: 99 });
    await askUntil(service, '2');
    await rollBack(registry, 'tiny', 'production');
    expect(await ask(service)).toBe('1');
    await sleep(moment);
    expect(service.state().loaded).toEqual(['1']);
    expect(events.map(({ name }) => name)).toContain('AliasRolledBack');
  });
});

test('the card shows aliases and what is loaded; the header keeps a caller on its side', async () => {
  for (let count = 0; count < 2; count++) await publishScaled(registry);
  await setCanary(registry, 'tiny', 'production', { version: '2', percent: 50 });
  process.env.MODELET_REGISTRY = registry.store.location;
  const { send, get, post } = client(serveModel('tiny', { tasks: [tensor] }));
  expect((await post('/models/tiny?version=1', [1, 2, 3])).json).toMatchObject({
    version: '1',
    outputs: { y: [1, 2, 3] },
  });
  expect((await post('/models/tiny?version=2', [1, 2, 3])).json).toMatchObject({
    version: '2',
    outputs: { y: [2, 4, 6] },
  });
  const versions = await Promise.all(
    Array.from({ length: 10 }, () =>
      send({
        method: 'POST',
        target: '/models/tiny',
        headers: { 'content-type': 'application/json', 'x-modelet-canary-key': 'someone' },
        body: '[1,2,3]',
      }),
    ),
  );
  expect(new Set(versions.map(({ headers }) => headers['x-modelet-version'])).size).toBe(1);
  expect((await get('/models/tiny?version=1')).json).toMatchObject({
    aliases: { production: { version: '1', canary: { version: '2', percent: 50 } } },
    loaded: expect.arrayContaining(['1', '2']),
  });
});
