import { describe, expect, test } from '@jest/globals';
import type { LoadedModel } from '../../lib/core/engine.js';
import { ModeletError } from '../../lib/core/errors.js';
import { type Manifest, planFiles } from '../../lib/core/manifest.js';
import { makeTensor } from '../../lib/core/tensor.js';
import { filesAtHand, type VersionFiles } from '../../lib/core/version-files.js';
import type { PlanFile } from '../../lib/plans/plan-file.js';
import { draftManifest } from '../../lib/publishing/load-draft.js';
import { makePlan } from '../../lib/runtime/make-plan.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { tinyDraft, tinyModelJson, tinyOutput } from '../support/tiny-model.js';
import { batch } from './engine.contract.js';

const row = [1, 2, 3];

/** The tiny model with its plan; the bias is added and taken away once more, so that a constant of the plan is no product. */
async function planned(): Promise<{ manifest: Manifest; files: Map<string, Uint8Array> }> {
  const { files: tiny, ...rest } = tinyDraft('tiny');
  const T = { type: 'DT_FLOAT' };
  const again = [
    { name: 'more', op: 'AddV2', input: ['y', 'b'], attr: { T } },
    { name: 'z', op: 'Sub', input: ['more', 'b'], attr: { T } },
  ];
  const graph = Buffer.from(JSON.stringify(tinyModelJson(again, 'z')));
  const draft = { ...rest, files: new Map([...tiny, ['model.json', graph]]) };
  const { plan, files } = await makePlan(draftManifest(draft), filesAtHand(draft.files));
  const all = new Map([...draft.files, ...files]);
  return { manifest: draftManifest({ ...draft, files: all, plan }), files: all };
}

const sized = (manifest: Manifest, files: ReadonlyMap<string, Uint8Array>): Manifest => ({
  ...manifest,
  files: manifest.files.map((file) => ({ ...file, bytes: files.get(file.name)?.length ?? 0 })),
});

const load = async (manifest: Manifest, files: VersionFiles): Promise<LoadedModel> =>
  (await openEngine('wasm')).load(manifest, files);

async function expectRight(model: LoadedModel): Promise<void> {
  for (const rows of [[row], [row, [0, -1, 7]]]) {
    const y = (await model.predict(batch(...rows))).get('y');
    expect([...(y?.data ?? [])]).toEqual(tinyOutput(rows).flat());
  }
  model.dispose();
}

describe('a stored plan', () => {
  test('is loaded alone: neither the graph nor the weights are read', async () => {
    const { manifest, files } = await planned();
    const read: string[] = [];
    const hand = filesAtHand(files);
    const model = await load(manifest, {
      read: (name) => {
        read.push(name);
        return hand.read(name);
      },
      readInto: (name, into) => {
        read.push(name);
        return hand.readInto(name, into);
      },
      readParts: (names, take) => {
        read.push(...names);
        return hand.readParts(names, take);
      },
    });
    expect(read.sort()).toEqual([planFiles.constants, planFiles.graph]);
    expect(model.warning).toBeUndefined();
    await expectRight(model);
  });

  const edited = (edit: (file: PlanFile) => object) => (files: Map<string, Uint8Array>) => {
    const file = JSON.parse(Buffer.from(files.get(planFiles.graph) as Uint8Array).toString()) as PlanFile;
    files.set(planFiles.graph, Buffer.from(JSON.stringify({ ...file, ...edit(file) })));
  };
  const constants = (edit: (offset: number, bytes: number) => readonly [number, number]) =>
    edited((file) => ({
      constants: Object.fromEntries(Object.entries(file.constants).map(([key, at]) => [key, edit(...at)])),
    }));
  const shapes = (shape: readonly number[]) =>
    edited((file) => ({
      weights: Object.fromEntries(
        Object.entries(file.weights).map(([node, { datatype }]) => [node, { datatype, shape }]),
      ),
    }));

  test.each<[string, (files: Map<string, Uint8Array>) => void, RegExp]>([
    ['of a later format', edited(() => ({ format: 2 })), /its format is 2/],
    ['for other kernels', edited(() => ({ kernels: 0 })), /it is for kernels 0/],
    ['of another graph', edited(() => ({ model: 'a'.repeat(64) })), /another model\.json/],
    ['that is not JSON', (files) => files.set(planFiles.graph, Buffer.from('{')), /not JSON/],
    ['that is no object', (files) => files.set(planFiles.graph, Buffer.from('null')), /not JSON/],
    ['without constants', edited(() => ({ constants: undefined })), /not a plan/],
    ['without nodes', edited(({ graph }) => ({ graph: { ...graph, nodes: undefined } })), /not iterable/],
    ['whose constants are longer than their file', edited(() => ({ bytes: 2 ** 40 })), /longer than their file/],
    [
      'whose constants are cut off',
      (files) => files.set(planFiles.constants, new Uint8Array(8)),
      /longer than their file|outside/,
    ],
    ['with a constant behind the end', constants((_, bytes) => [2 ** 20, bytes]), /lies outside/],
    ['with a constant before the start', constants((_, bytes) => [-64, bytes]), /lies outside/],
    ['with a constant between two numbers', constants((offset, bytes) => [offset + 1, bytes]), /lies outside/],
    ['with a shorter constant', constants((offset, bytes) => [offset, bytes - 4]), /has another size/],
    [
      'without the constants that it needs',
      edited(({ weights }) => ({
        constants: {},
        sources: {},
        weights: JSON.parse(JSON.stringify(weights, (key, value) => (key === 'known' ? undefined : value))),
      })),
      /is not kept/,
    ],
    ['without weights', edited(() => ({ weights: {} })), /lies outside/],
    ['with a weight of negative size', shapes([-3, 2]), /no such shape/],
    ['with a weight that 32 bits have no room for', shapes([2 ** 20, 2 ** 12]), /no such shape/],
    ['with a weight of more numbers than its product takes', shapes([300, 2]), /./],
  ])('%s is not run: the graph is planned afresh, and a warning says why', async (_, damage, reason) => {
    const { manifest, files } = await planned();
    damage(files);
    const model = await load(sized(manifest, files), filesAtHand(files));
    expect(model.warning).toMatch(/^its stored plan is not used: /);
    expect(model.warning).toMatch(reason);
    await expectRight(model);
  });

  test('whose checksum differs is not run either; a store that does not answer is an error', async () => {
    const { manifest, files } = await planned();
    const hand = filesAtHand(files);
    const failing = (code: 'MODEL_CORRUPT' | 'MODEL_UNAVAILABLE'): VersionFiles => ({
      ...hand,
      readInto: async () => {
        throw new ModeletError(code, 'told so; do something');
      },
    });
    const model = await load(manifest, failing('MODEL_CORRUPT'));
    expect(model.warning).toMatch(/told so/);
    await expectRight(model);
    await expect(load(manifest, failing('MODEL_UNAVAILABLE'))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });

  test('that is not there for a reason leaves the model to TF.js', async () => {
    const draft = tinyDraft('tiny');
    const manifest = draftManifest({ ...draft, plan: { reason: 'there is no plan for X' } });
    const model = await load(manifest, filesAtHand(draft.files));
    expect(model.warning).toBeUndefined();
    await expectRight(model);
  });

  test('inputs that it has no plan for are left to TF.js, which says what is wrong', async () => {
    const { manifest, files } = await planned();
    const model = await load(manifest, filesAtHand(files));
    const wrong = new Map([['x', makeTensor('FP32', [1, 4], new Float32Array(4))]]);
    await expect(model.predict(wrong)).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
    const none = (await model.predict(new Map([['x', makeTensor('FP32', [0, 3], new Float32Array(0))]]))).get('y');
    expect(none?.shape).toEqual([0, 2]);
    await expectRight(model);
  });
});
