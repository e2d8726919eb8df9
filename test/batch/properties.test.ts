import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Engine } from '../../lib/core/engine.js';
import { setAlias } from '../../lib/registry/move-alias.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openEngine } from '../support/engine.js';
import { memoryStore } from '../support/memory-store.js';
import { publishScaled } from '../support/tiny-model.js';
import { deeds, sharedLoads } from './faulty-ports.js';
import { createScene } from './scene.js';

let engine: Engine;
const registry = createRegistry(memoryStore());

beforeAll(async () => {
  engine = sharedLoads(await openEngine('wasm'));
  for (let version = 1; version <= 3; version++) await publishScaled(registry);
});

const line = fc.oneof(
  { weight: 9, arbitrary: fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 3, maxLength: 3 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('not json', '{', '{"id":1,"instance":[1]}') },
);
const lines = fc
  .array(line, { maxLength: 25 })
  .map((all) => all.map((text) => (/^-?\d/.test(text) ? `[${text}]` : text)));
const fault = fc.record({ at: fc.nat(150), deed: fc.constantFrom(...deeds) });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ deliver: fc.record({ fault, looks: fc.nat(12) }) }) },
  { weight: 2, arbitrary: fc.record({ upload: lines }) },
  { weight: 1, arbitrary: fc.record({ promote: fc.constantFrom('1', '2', '3') }) },
  { weight: 1, arbitrary: fc.constant({ remove: true as const }) },
);

test('whatever is uploaded, removed, promoted and broken off: one whole result by one version', async () => {
  const property = fc.asyncProperty(lines, fc.array(step, { maxLength: 10 }), async (first, steps) => {
    const scene = createScene(engine, registry.store);
    await scene.upload(first);
    for (const action of steps) {
      if ('deliver' in action) await scene.deliver(action.deliver);
      else if ('upload' in action) await scene.upload(action.upload);
      else if ('promote' in action) await setAlias(registry, 'tiny', 'production', action.promote);
      else await scene.remove();
    }
    expect((await scene.deliver({})).end).toBe('done');
    await scene.check();
  });
  await fc.assert(property, { numRuns: 300, seed: 9 });
});
