import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Engine, LoadedModel } from '../lib/core/engine.js';
import { ModeletError } from '../lib/core/errors.js';
import type { Manifest } from '../lib/core/manifest.js';
import type { ObjectStore } from '../lib/core/object-store.js';
import { startTimings } from '../lib/core/timings.js';
import { production } from '../lib/core/version-ref.js';
import { createModelCache } from '../lib/model-cache.js';
import { setAlias } from '../lib/registry/move-alias.js';
import { createRegistry, type Registry } from '../lib/registry/registry.js';
import type { Service } from '../lib/service.js';
import { openEngine } from './support/engine.js';
import { temporaryRegistry } from './support/serve.js';
import { tensorService } from './support/tensor-service.js';
import { publishTiny, tinyDraft, tinyOutput } from './support/tiny-model.js';

const unavailable = new ModeletError('MODEL_UNAVAILABLE', 'the store is away');

/** A store whose reads are counted, and fail while `away` is set. */
function watched(store: ObjectStore) {
  const reads: string[] = [];
  const state = { away: false, reads };
  const watchedStore: ObjectStore = {
    ...store,
    get: async (key, options) => {
      if (state.away) throw unavailable;
      reads.push(key);
      return store.get(key, options);
    },
    getUnless: async (etag, key) => {
      if (state.away) throw unavailable;
      return store.getUnless(etag, key);
    },
  };
  return { state, registry: createRegistry(watchedStore) };
}

/** An engine that tells what it loads and disposes of. */
async function observed() {
  const wasm = await openEngine('wasm');
  const loaded: string[] = [];
  const disposed: string[] = [];
  const load: Engine['load'] = async (manifest, files) => {
    const model = await wasm.load(manifest, files);
    loaded.push(manifest.version);
    const dispose = () => {
      disposed.push(manifest.version);
      model.dispose();
    };
    return { ...model, dispose } satisfies LoadedModel;
  };
  return { engine: { ...wasm, load }, loaded, disposed };
}

async function predict(service: Service): Promise<number[]> {
  const manifest = await service.describe(production);
  const [outputs] = await service.predict(
    manifest,
    [{ kind: 'numbers', value: [1, 2, 3] }],
    startTimings(),
    () => 'body',
  );
  return [...(outputs?.get('y')?.data ?? [])];
}

let registry: Registry;
const files = ['tiny/versions/1/model.json', 'tiny/versions/1/weights.bin'];

beforeEach(() => {
  registry = temporaryRegistry();
});

describe('loading', () => {
  test('nothing is read before the first request; concurrent first requests share one load; later ones read nothing', async () => {
    await publishTiny(registry);
    const { state, registry: seen } = watched(registry.store);
    const service = await tensorService('tiny', seen);
    expect(state.reads).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => predict(service)));
    expect(new Set(answers.map(String))).toEqual(new Set([String(tinyOutput([[1, 2, 3]])[0])]));
    expect(state.reads.filter((key) => files.includes(key)).sort()).toEqual(files);
    state.reads.length = 0;
    await predict(service);
    expect(state.reads).toEqual([]);
  });

  test('a store that fails is MODEL_UNAVAILABLE, and the next request after it has recovered succeeds', async () => {
    await publishTiny(registry);
    const { state, registry: seen } = watched(registry.store);
    const service = await tensorService('tiny', seen);
    state.away = true;
    await expect(predict(service)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    state.away = false;
    expect(await predict(service)).toHaveLength(2);
  });

  test.each([
    ['one bit flipped', (bytes: Buffer) => Buffer.from(bytes.map((byte, index) => (index === 5 ? byte ^ 1 : byte)))],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -4)],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4)])],
    ['emptied', () => Buffer.alloc(0)],
  ])('a weight file with %s is MODEL_CORRUPT, never a number; mended, it serves', async (_, damage) => {
    await publishTiny(registry);
    const service = await tensorService('tiny', registry);
    for (const key of files) {
      const whole = (await registry.store.get(key))?.body as Buffer;
      await registry.store.put(key, damage(Buffer.from(whole)));
      await expect(predict(service)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
      await registry.store.delete(key);
      await expect(predict(service)).rejects.toMatchObject({
        code: 'MODEL_CORRUPT',
        message: expect.stringContaining(key),
      });
      await registry.store.put(key, whole);
    }
    expect(await predict(service)).toHaveLength(2);
  });

  test.each([
    ['is not JSON', '{', /is not JSON/],
    ['lacks a field', '{"format":"modelet/1"}', /manifest\.json: model:/],
  ])('a manifest that %s is MODEL_CORRUPT', async (_, text, message) => {
    await publishTiny(registry);
    await registry.store.put('tiny/versions/1/manifest.json', Buffer.from(text));
    await expect(predict(await tensorService('tiny', registry))).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringMatching(message),
    });
  });

  test('a version that does not reproduce its golden output is not served', async () => {
    const { golden } = tinyDraft('tiny');
    const [output] = golden.outputs;
    const values = new Float32Array(Uint8Array.from(Buffer.from(output?.base64 ?? '', 'base64')).buffer);
    values[3] = (values[3] as number) + 1e-3;
    const wrong = {
      ...golden,
      outputs: [{ ...(output as NonNullable<typeof output>), base64: Buffer.from(values.buffer).toString('base64') }],
    };
    await publishTiny(registry, 'tiny', { golden: wrong });
    await expect(predict(await tensorService('tiny', registry))).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringMatching(/does not reproduce its golden output 'y' \[2, 2\]: it differs by \d\.\de-4/),
    });
  });

  test('a version for a task that the function does not have is MODEL_CORRUPT, and says which', async () => {
    await publishTiny(registry, 'tiny', { task: { name: 'radar@1', options: {} } });
    const service = await tensorService('tiny', registry);
    const manifest = await service.describe(production);
    expect(() => service.mediaTypes(manifest)).toThrow(/for task radar@1, but this function knows only tensor@1/);
  });
});

describe('versions', () => {
  test('an alias is looked at again 30 s after the last look, not sooner; its version goes on while the store is away', async () => {
    await publishTiny(registry);
    await publishTiny(registry);
    const { state, registry: seen } = watched(registry.store);
    const service = await tensorService('tiny', seen);
    const version = async () => (await service.describe(production)).version;
    const clock = performance.now;
    try {
      expect(await version()).toBe('1');
      await setAlias(registry, 'tiny', 'production', '2');
      expect(await version()).toBe('1');
      performance.now = () => clock.call(performance) + 30_001;
      state.away = true;
      expect(await version()).toBe('1');
      performance.now = () => clock.call(performance) + 60_002;
      state.away = false;
      expect(await version()).toBe('2');
    } finally {
      performance.now = clock;
    }
  });

  test('a flood of pinned versions waits for room; what serves an alias stays, and a swap is not kept out', async () => {
    const manifests: Manifest[] = [];
    for (let count = 0; count < 8; count++) manifests.push(await publishTiny(registry));
    const bytes = manifests[0]?.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0;
    const { engine, loaded, disposed } = await observed();
    const cache = createModelCache(registry, engine, 3 * bytes);
    const nothing = async () => undefined;
    const [production, next, ...pinned] = manifests as [Manifest, Manifest, ...Manifest[]];
    cache.keep('1');
    await cache.with(production, nothing);
    let most = 0;
    const used = async () => {
      most = Math.max(most, loaded.length - disposed.length);
    };
    await Promise.all(pinned.map((manifest) => cache.with(manifest, used)));
    expect(loaded).toHaveLength(7);
    expect(most).toBeLessThanOrEqual(3);
    expect(disposed).not.toContain('1');

    cache.keep('2');
    await cache.preload(next);
    expect([...cache.ready()].sort()).toEqual(expect.arrayContaining(['1', '2']));
    // Two are left of the room for three: not enough for a third that has to stay.
    cache.keep('3');
    await cache.with(pinned[0] as Manifest, nothing);
    await expect(cache.preload(pinned[1] as Manifest)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });

  test('no more versions than the budget allows stay in memory; one in use is never disposed of', async () => {
    const manifests = [await publishTiny(registry), await publishTiny(registry), await publishTiny(registry)] as const;
    const bytes = manifests[0].files.reduce((sum, file) => sum + file.bytes, 0);
    const { engine, disposed } = await observed();
    const cache = createModelCache(registry, engine, 2 * bytes);
    const nothing = async () => undefined;
    await cache.with(manifests[0], async () => {
      await cache.with(manifests[1], nothing);
      await cache.with(manifests[2], nothing);
      expect(disposed).toEqual(['2']);
    });
    await cache.with(manifests[1], nothing);
    expect(disposed).toEqual(['2', '1']);
  });
});
