import { readGolden } from '../../lib/core/stored-tensor.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { goldenCheck } from '../../lib/runtime/golden-check.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { settle } from '../../lib/runtime/settle.js';

// A process of its own: digits, loaded and warmed up as for a readiness probe; prints the first predict over the median of later ones.

const registry = createRegistry(fileStore('models'));
const manifest = await registry.manifest('digits', await registry.resolve('digits', { alias: 'production' }));
const files = openVersion(registry.store, manifest);
const golden = await readGolden(manifest, files);
const model = await (await openEngine('wasm')).load(manifest, files);
await goldenCheck(model, manifest, golden);
await settle(model, golden.inputs);
const times: number[] = [];
for (let count = 0; count < 100; count++) {
  const since = performance.now();
  await model.predict(golden.inputs);
  times.push(performance.now() - since);
}
const [first] = times;
const median = times.sort((a, b) => a - b)[times.length >> 1];
process.stdout.write(`${JSON.stringify((first as number) / (median as number))}\n`);
process.exit(0);
