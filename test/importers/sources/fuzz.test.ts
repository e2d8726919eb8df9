import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ModeletError } from '../../../lib/core/errors.js';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { readLayersTopology } from '../../../lib/importers/sources/read-tfjs.js';
import { readManifestWeights } from '../../../lib/importers/sources/tfjs-weights.js';
import { describeShared, shared } from './shared-models.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

/** Anything may be refused, by our own error in two parts; nothing may break. */
async function endsWell(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(ModeletError);
    expect((error as Error).message).toMatch(/^[^;]+; [^;]+$/);
    expect((error as Error).message).not.toMatch(/can't be read as a model/);
  }
}

/** A share of the whole; fc.double would nearly always give the smallest. */
const share = fc.integer({ min: 0, max: 1e6 }).map((millionths) => millionths / 1e6);

const damage = fc.record({
  /** Of the file, what is left. */
  length: fc.oneof(fc.constant(1), share),
  flips: fc.array(fc.tuple(share, fc.integer({ min: 0, max: 255 })), {
    maxLength: 8,
  }),
});

function damaged(
  bytes: Uint8Array,
  { length, flips }: { length: number; flips: readonly (readonly [number, number])[] },
): Uint8Array {
  const result = Buffer.from(bytes.subarray(0, Math.floor(bytes.length * length)));
  for (const [at, value] of flips) {
    if (result.length > 0) result[Math.floor(at * (result.length - 1))] = value;
  }
  return result;
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, 1.5, 1e12, '', 'x', true, [], {}, [[]], '__proto__', ['x', 0, 0]),
  fc.constant({ class_name: '__keras_tensor__', config: {} }),
);

/** Puts junk somewhere into a JSON, or takes something away. */
function mutated(json: unknown, at: number, value: unknown, remove: boolean): unknown {
  const copy = structuredClone(json);
  const places: [Record<string, unknown>, string][] = [];
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, key]);
      collect(child);
    }
  };
  collect(copy);
  const [node, key] = places[Math.floor(at * (places.length - 1))] ?? [{}, ''];
  if (remove) delete node[key];
  else node[key] = value;
  // What goes from an array leaves a hole, which JSON doesn't know.
  return JSON.parse(JSON.stringify(copy));
}

describeShared('damaged model files', () => {
  test.each(['bidirectional', 'bn-residual-cnn', 'functional-two-inputs'])(
    'JSON with junk inside: %s',
    async (name) => {
      const path = `${shared}/keras-golden/${name}/tfjs_layers`;
      const model = JSON.parse(readFileSync(`${path}/model.json`, 'utf8'));
      const bytes = readFileSync(`${path}/group1-shard1of1.bin`);
      await fc.assert(
        fc.asyncProperty(share, junk, fc.boolean(), async (at, value, remove) => {
          const { modelTopology, weightsManifest } = mutated(model, at, value, remove) as typeof model;
          await endsWell(async () => {
            const weights = readManifestWeights(weightsManifest?.[0]?.weights, new Set());
            await readLayersTopology(modelTopology ?? {}, [{ weights, bytes }]);
          });
        }),
        { numRuns: 200 },
      );
    },
  );

  // Each HDF5 that is opened costs a worker, so these are few; longer runs are a matter of numRuns.
  test.each([
    ['normalization/model.keras', 25],
    ['normalization/model.h5', 8],
    ['normalization/tfjs_layers/model.json', 100],
    ['normalization/tfjs_graph/model.json', 100],
  ])('bytes flipped and files cut short: %s', async (name, numRuns) => {
    const bytes = readFileSync(`${shared}/keras-golden/${name}`);
    const path = join(folder, 'damaged');
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        writeFileSync(path, damaged(bytes, how));
        await endsWell(() => readSource(path));
      }),
      { numRuns, seed: 5 },
    );
  });
});
