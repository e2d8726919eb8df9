import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Manifest } from '../../lib/core/manifest.js';
import { serveModel, tensor } from '../../lib/index.js';
import type { Registry } from '../../lib/registry/registry.js';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { plans } from '../support/engine.js';
import { modeletCommand } from '../support/modelet-command.js';
import { requirePart } from '../support/requires.js';
import { client, temporaryRegistry } from '../support/serve.js';

const shared = '../shared/models';
const pagePath = 'docs/importing.md';
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

function modelName(path: string): string {
  const name = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return name.slice(0, 40).replace(/^-|-$/g, '');
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

/** The bound that the table states for a difference: a power of ten with room for other machines. */
const atMost = (difference: number): string => `≤ 1e${Math.max(-7, Math.ceil(Math.log10(2 * difference + 1e-9)))}`;

/** A row of the table with the differences that were measured, in the order in which the row states them. */
interface Row {
  readonly text: string;
  readonly measured: readonly number[];
}

const bounds = (text: string): number[] => [...text.matchAll(/≤ (1e-\d+)/g)].map(([, bound]) => Number(bound));
const withoutBounds = (text: string): string => text.replace(/≤ 1e-\d+/g, '≤');

function howServed({ savedModel, plan }: Manifest): string {
  if (savedModel !== undefined) return 'served by tensorflow';
  if (plan === undefined) return 'served';
  return 'reason' in plan ? `served by TensorFlow.js: ${plan.reason}` : 'served by a plan';
}

describeWithModels('real models', () => {
  const command = modeletCommand();

  test(`are served within tolerance, or refused with a reason; ${pagePath} has the table`, async () => {
    const rows: Row[] = [];
    for (const path of candidates()) {
      const registry = temporaryRegistry();
      const name = modelName(path);
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
        const [why, todo] = result.err.trim().replaceAll(shared, '…').split('\n');
        rows.push({ text: `| ${shown} | refused | ${why}; ${todo} |`, measured: [] });
        continue;
      }
      const manifest = JSON.parse(result.out) as Manifest;
      const parity = manifest.parity ?? [];
      const sources = [...new Set(parity.map(({ by }) => by))];
      const proofs = sources.map((source) =>
        Math.max(
          ...parity.flatMap(({ by, outputs }) => (by === source ? outputs.map(({ relative }) => relative) : [])),
        ),
      );
      const served: number[] = [];
      for (const file of goldensOf(path)) served.push(await servedDifference(registry, name, manifest, file));
      for (const difference of served) expect(difference).toBeLessThanOrEqual(1e-5);
      const text = [
        ...sources.map((by, index) => `${atMost(proofs[index] as number)} from ${by}`),
        ...(served.length === 0 ? [] : [`served ${atMost(Math.max(...served))} from Keras' own answers`]),
      ].join('; ');
      const measured = served.length === 0 ? proofs : [...proofs, Math.max(...served)];
      rows.push({ text: `| ${shown} | ${howServed(manifest)} | ${text} |`, measured });
    }
    expect(rows.length).toBeGreaterThan(50);
    const page = readFileSync(pagePath, 'utf8');
    const [before = '', rest = ''] = page.split('<!-- models -->\n\n');
    const [stated = '', after = ''] = rest.split('\n\n<!-- /models -->');
    const head = ['| model | | difference, or why it is refused |', '|---|---|---|'];
    const table = [...head, ...rows.map(({ text }) => text)].join('\n');
    if (process.env.UPDATE_DOCS === '1') {
      writeFileSync(pagePath, `${before}<!-- models -->\n\n${table}\n\n<!-- /models -->${after}`);
      return;
    }
    // The page tells of plans, and of the differences with them.
    const comparable = (text: string): string =>
      plans ? withoutBounds(text) : withoutBounds(text).replace(/\| served[^|]*\|/g, '| served |');
    expect(comparable(stated)).toBe(comparable(table));
    if (!plans) return;
    const statedRows = stated.split('\n').slice(head.length);
    for (const [index, { text, measured }] of rows.entries()) {
      const limits = bounds(statedRows[index] ?? '');
      expect(limits).toHaveLength(measured.length);
      const over = measured.filter((difference, at) => difference > (limits[at] as number));
      expect({ text, over }).toEqual({ text, over: [] });
    }
  });
});
