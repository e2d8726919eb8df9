// One of several people who change a model at the same time, as a process of its own: publishes, promotes, canaries,
// rolls back and prunes until it has done its share, and tells each result in a line of JSON.

import { ModeletError } from '../../lib/core/errors.js';
import { createRandom } from '../../lib/core/random.js';
import { rollBack, setAlias, setCanary } from '../../lib/registry/move-alias.js';
import { pruneVersions } from '../../lib/registry/prune.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { publishScaled } from './tiny-model.js';

const [location = '', name = '', seed = '0', rounds = '0'] = process.argv.slice(2);
const registry = createRegistry(await openStore(location));
const random = createRandom(Number(seed));

async function step(action: string, run: () => Promise<string>, scale?: number): Promise<void> {
  try {
    console.log(JSON.stringify({ name, action, done: await run(), scale }));
  } catch (error) {
    // Being too late is an answer; anything else ends the test.
    if (!(error instanceof ModeletError)) throw error;
    console.log(JSON.stringify({ name, action, refused: error.message }));
  }
}

const anyVersion = async (): Promise<string> => {
  const versions = await registry.versions('tiny');
  return versions[Math.floor(random() * versions.length)] ?? '1';
};

for (let round = 0; round < Number(rounds); round++) {
  const scale = 1 + Math.floor(random() * 1e6);
  await step('publish', async () => (await publishScaled(registry, scale)).version, scale);
  await step('promote', async () => (await setAlias(registry, 'tiny', 'production', await anyVersion())).after.version);
  const percent = 1 + Math.floor(random() * 98);
  const canary = async () => setCanary(registry, 'tiny', 'production', { version: await anyVersion(), percent });
  await step('canary', async () => (await canary()).after.version);
  await step('rollback', async () => (await rollBack(registry, 'tiny', 'production')).after.version);
  // A day later, so that it may delete what is not named.
  const later = Date.now() + 2 * 24 * 60 * 60 * 1000;
  await step('prune', async () => (await pruneVersions(registry, 'tiny', 6, later)).deleted.join(' '));
}
