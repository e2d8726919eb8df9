/**
 * `node dist/scripts/store-plans.js [FOLDER…]`: makes the stored plans of versions anew, for kernels that have changed; by default
 * of those in models/. A plan that does not reproduce the version's golden output is not stored.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Manifest, modelFiles, parseManifest } from '../lib/core/manifest.js';
import { readGolden } from '../lib/core/stored-tensor.js';
import { filesAtHand } from '../lib/core/version-files.js';
import { fileEntry } from '../lib/registry/publish.js';
import { goldenCheck } from '../lib/runtime/golden-check.js';
import { makePlan } from '../lib/runtime/make-plan.js';
import { openEngine } from '../lib/runtime/open-engine.js';

const bundled = () =>
  readdirSync('models').flatMap((model) => {
    const versions = join('models', model, 'versions');
    return readdirSync(versions).map((version) => join(versions, version));
  });

async function storePlan(folder: string): Promise<void> {
  const path = join(folder, 'manifest.json');
  const { plan: _, ...rest } = parseManifest(readFileSync(path), path);
  const others = new Set(['plan/plan.json', 'plan/constants.bin']);
  const bare: Manifest = { ...rest, files: rest.files.filter(({ name }) => !others.has(name)) };
  const files = new Map(bare.files.map(({ name }) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  const made = await makePlan(bare, filesAtHand(files));
  const all = new Map([...files, ...made.files]);
  const manifest: Manifest = {
    ...bare,
    files: [...bare.files, ...[...made.files].map(([name, bytes]) => fileEntry(name, bytes))],
    plan: made.plan,
  };
  const model = await (await openEngine('wasm')).load(manifest, filesAtHand(all));
  const difference = await goldenCheck(model, manifest, await readGolden(manifest, filesAtHand(all)));
  if (model.warning !== undefined) throw new Error(model.warning);
  for (const [name, bytes] of made.files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 1)}\n`);
  const sizes = [...made.files].map(([name, { length }]) => `${name} ${length}`);
  console.log(
    folder,
    JSON.stringify(made.plan),
    ...sizes,
    `weights ${modelFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0)}`,
    difference,
  );
}

const folders = process.argv.slice(2);
for (const folder of folders.length > 0 ? folders : bundled()) await storePlan(folder);
