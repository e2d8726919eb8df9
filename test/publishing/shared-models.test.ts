import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Manifest } from '../../lib/core/manifest.js';
import { serveModel, tensor } from '../../lib/index.js';
import type { Registry } from '../../lib/registry/registry.js';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { modeletCommand } from '../support/modelet-command.js';
import { requirePart } from '../support/requires.js';
import { client, temporaryRegistry } from '../support/serve.js';

const shared = '../shared/models';
const page = 'docs/importing.md';
const describeWithModels = requirePart(
  'the folder ../shared with real models, or tfjs-node',
  existsSync(shared) && nativeBackendInstalled(),
  'npm run native',
);

/** Every file or folder there that somebody would call a model, also those that must be refused. */
function candidates(folder = shared): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = entries.map(({ name }) => name);
  if (names.includes('model.json') || names.includes('saved_model.pb')) return [folder];
  const files = names.filter((name) => /\.(keras|h5)$|weights_manifest\.json$/.test(name));
  const versions = names.filter((name) => /^\d+$/.test(name)).length > 1 ? [folder] : [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  return [...versions, ...files.map((name) => join(folder, name)), ...folders.flatMap(candidates)];
}

interface Golden {
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
}
interface GoldenTensor {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: string;
  readonly data: number[];
}

/** Golden files for a model: beside it, or beside its folder. */
function goldensOf(path: string): string[] {
  const folders = [path, join(path, '..')].filter((folder) => !folder.endsWith('models'));
  const files = folders.flatMap((folder) =>
    /\.\w+$/.test(basename(folder)) ? [] : readdirSync(folder).map((name) => join(folder, name)),
  );
  return files.filter((name) => /^golden.*\.json$/.test(basename(name)));
}

/** The largest difference, relative to max(1, |expected|), of what is served by the V2 protocol. */
async function servedDifference(registry: Registry, model: string, manifest: Manifest, path: string): Promise<number> {
  const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
  process.env.MODELET_REGISTRY = registry.store.location;
  process.env.MODELET_BACKEND = manifest.savedModel === undefined ? 'wasm' : 'tensorflow';
  const { inputs, outputs } = manifest.signature;
  // TensorFlow calls what Keras exports output_0, output_1 …, and lists them in any order.
  const find = (list: readonly GoldenTensor[], name: string, index: number): GoldenTensor =>
    list.find((each) => each.name === name) ??
    (list[Number(/^output_(\d+)$/.exec(name)?.[1] ?? index)] as GoldenTensor);
  const { status, json } = await client(serveModel(model, { tasks: [tensor] })).post(`/v2/models/${model}/infer`, {
    inputs: inputs.map(({ name, datatype }, index) => {
      const { shape, data } = find(golden.inputs, name, index);
      return { name, datatype, shape, data };
    }),
  });
  expect({ status, error: json.error }).toEqual({ status: 200, error: undefined });
  return Math.max(
    ...outputs.map(({ name }, index) => {
      const expected = find(golden.outputs, name, index);
      const { data } = json.outputs.find((each: { name: string }) => each.name === name);
      return Math.max(...expected.data.map((value, at) => Math.abs(data[at] - value) / Math.max(1, Math.abs(value))));
    }),
  );
}

/** Rounded up to a power of ten, so that the table is the same on every machine. */
const atMost = (difference: number): string =>
  difference === 0 ? '0' : `≤ 1e${Math.max(-7, Math.ceil(Math.log10(difference)))}`;

describeWithModels('real models', () => {
  const command = modeletCommand();

  test(`are served within tolerance, or refused with a reason; ${page} has the table`, async () => {
    const rows: string[] = [];
    for (const path of candidates()) {
      const registry = temporaryRegistry();
      const name = basename(path)
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 40)
        .replace(/^-|-$/g, '');
      const result = await command.run(
        'publish',
        path,
        '--name',
        name,
        '--json',
        '--registry',
        registry.store.location,
      );
      const shown = `\`${relative(shared, path)}\``;
      if (result.code !== 0) {
        expect(result).toMatchObject({ code: 1, out: '' });
        expect(await registry.models()).toEqual([]);
        const [why, todo] = result.err.trim().split('\n');
        rows.push(`| ${shown} | refused | ${why?.replaceAll(shared, '…')}; ${todo?.replaceAll(shared, '…')} |`);
        continue;
      }
      const manifest = JSON.parse(result.out) as Manifest;
      const proofs = (manifest.parity ?? []).map(
        ({ by, outputs }) => `${atMost(Math.max(...outputs.map(({ relative }) => relative)))} from ${by}`,
      );
      const goldens = await Promise.all(
        goldensOf(path).map((file) => servedDifference(registry, name, manifest, file)),
      );
      for (const difference of goldens) expect(difference).toBeLessThanOrEqual(1e-5);
      const served = goldens.length === 0 ? [] : [`served ${atMost(Math.max(...goldens))} from Keras' own answers`];
      rows.push(
        `| ${shown} | ${manifest.savedModel === undefined ? 'served' : 'served by tensorflow'} | ${[...proofs, ...served].join('; ')} |`,
      );
    }
    expect(rows.length).toBeGreaterThan(50);
    const table = ['| model | | difference, or why it is refused |', '|---|---|---|', ...rows].join('\n');
    const text = readFileSync(page, 'utf8');
    const next = text.replace(
      /(<!-- models -->\n\n)[\s\S]*?(\n\n<!-- \/models -->)/,
      (_, before, after) => before + table + after,
    );
    if (process.env.UPDATE_DOCS === '1') writeFileSync(page, next);
    else expect(text).toBe(next);
  }, 240_000);
});
