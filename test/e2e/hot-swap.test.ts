import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { tensor } from '../../lib/index.js';
import { setAlias } from '../../lib/registry/move-alias.js';
import type { Registry } from '../../lib/registry/registry.js';
import { plans } from '../support/engine.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishScaled } from '../support/tiny-model.js';

const swaps = 100;
const environment = { ...process.env };
let registry: Registry;

beforeAll(async () => {
  registry = temporaryRegistry();
  for (let count = 0; count < 3; count++) await publishScaled(registry);
  if (plans) {
    const { Memory } = WebAssembly;
    jest.spyOn(WebAssembly, 'Memory').mockImplementation((size) => {
      memories++;
      return new Memory(size);
    });
  }
  Object.assign(process.env, { MODELET_REGISTRY: registry.store.location, MODELET_ALIAS_SECONDS: '0.005' });
});
afterAll(() => {
  process.env = environment;
  jest.restoreAllMocks();
});

/** With plans, heaps that were made, each for one model at a time; without them bytes of TF.js' one heap, which never shrinks. */
const heapsOrBytes = (): number =>
  plans ? memories : (tf.backend() as unknown as { readonly wasm: { readonly HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
let memories = 0;

test('over 100 swaps under load not one request fails, each answer is its version’s, and the heap stays flat', async () => {
  const server = createLocalServer({ handlerFor: (await localModels('no-functions', registry, [tensor])).handlerFor });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  let answered = '';
  let requests = 0;
  let loading = true;
  const ask = async (): Promise<void> => {
    while (loading) {
      const response = await fetch(`http://127.0.0.1:${port}/models/tiny`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '[1, 2, 3]',
      });
      const { outputs, error } = (await response.json()) as { outputs?: { y: number[] }; error?: string };
      expect({ status: response.status, error }).toEqual({ status: 200, error: undefined });
      answered = response.headers.get('x-modelet-version') ?? '';
      expect(outputs?.y).toEqual([1, 2, 3].map((value) => value * Number(answered)));
      requests++;
    }
  };
  const clients = [ask(), ask(), ask(), ask()];
  let afterThree = 0;
  try {
    for (let swap = 1; swap <= swaps; swap++) {
      const version = String(1 + (swap % 3));
      await setAlias(registry, 'tiny', 'production', version);
      while (answered !== version) await Promise.race([new Promise((resolve) => setTimeout(resolve, 1)), ...clients]);
      if (swap === 3) afterThree = heapsOrBytes();
    }
  } finally {
    loading = false;
    await Promise.all(clients);
    server.close();
    server.closeAllConnections();
  }
  expect(requests).toBeGreaterThan(swaps);
  // A version loads beside the one that serves, and one that was left keeps its heap for a moment more: far fewer than swaps.
  expect(heapsOrBytes()).toBeLessThanOrEqual(plans ? swaps / 2 : afterThree);
});
