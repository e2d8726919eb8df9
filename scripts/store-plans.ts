/**
 * `node dist/scripts/store-plans.js [FOLDER…]`: makes the stored plans of versions anew, for kernels that have changed; by default
 * of those in models/. A plan that does not reproduce the version's golden output is not stored.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Manifest, parseManifest, planFiles } from '../lib/core/manifest.js';
import { readGolden } from '../lib/core/stored-tensor.js';
import { filesAtHand } from '../lib/core/version-files.js';
import { fileEntry } from '../lib/registry/publish.js';
import { goldenCheck } from '../lib/runtime/golden-check.js';
import { makePlan } from '../lib/runtime/make-plan.js';
import { openEngine } from '../lib/runtime/open-engine.js';

const names = Object.values<string>(planFiles);

const foldersIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
const bundled = () => foldersIn('models').flatMap((model) => foldersIn(join(model, 'versions')));

async function storePlan(folder: string): Promise<void> {
  const path = join(folder, 'manifest.json');
  const bytes = readFileSync(path);
  const { plan: _, ...rest } = parseManifest(bytes, path);
  const bare: Manifest = { ...rest, files: rest.files.filter(({ name }) => !names.includes(name)) };
  const files = new Map(bare.files.map(({ name }) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  const made = await makePlan(bare, filesAtHand(files));
  const added = {
    files: [...bare.files, ...[...made.files].map(([name, content]) => fileEntry(name, content))],
    plan: made.plan,
  };
  const manifest = { ...bare, ...added };
  const all = filesAtHand(new Map([...files, ...made.files]));
  const model = await (await openEngine('wasm')).load(manifest, all);
  const difference = await goldenCheck(model, manifest, await readGolden(manifest, all));
  if (model.warning !== undefined) throw new Error(model.warning);
  for (const [name, content] of made.files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  // Everything else stays where it stands.
  writeFileSync(path, `${JSON.stringify({ ...JSON.parse(bytes.toString('utf8')), ...added }, null, 1)}\n`);
  const sizes = [...made.files].map(([name, { length }]) => `${name} ${length} bytes`);
  console.log([folder, ...sizes, `golden output within ${difference.toExponential(1)}`].join(', '));
}

const folders = process.argv.slice(2);
for (const folder of folders.length > 0 ? folders : bundled()) await storePlan(folder);
