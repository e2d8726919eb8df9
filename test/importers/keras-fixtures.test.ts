import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { arrayOf, makeTensor, type Tensor } from '../../lib/core/tensor.js';
import { emitModel } from '../../lib/importers/emit/emit.js';
import { ndArray } from '../../lib/importers/evaluate/array.js';
import { evaluate } from '../../lib/importers/evaluate/evaluate.js';
import { optimise } from '../../lib/importers/graph/optimise.js';
import type { KerasModel } from '../../lib/importers/keras/keras-model.js';
import { readSource } from '../../lib/importers/sources/read-source.js';
import { openPlanned } from '../plans/planned-graph.js';
import { runGraph } from './run-graph.js';

/** What Keras answered, see test/fixtures/keras/README.md. */
interface Golden {
  readonly inputs: readonly Numbers[];
  readonly outputs: readonly Numbers[];
}
interface Numbers {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const fixtures = resolve(__dirname, '../fixtures/keras');
const kerases = readdirSync(fixtures).filter((name) => /^keras\d/.test(name));
const files = kerases.flatMap((keras) =>
  readdirSync(join(fixtures, keras)).flatMap((name) =>
    readdirSync(join(fixtures, keras, name))
      .filter((file) => file.startsWith('model.'))
      .map((file) => [keras, name, file] as const),
  ),
);

/** Fixtures which are refused, and what the refusal says. */
const refusals: ReadonlyMap<string, RegExp> = new Map([
  ['refused-custom-activation', /activation 'shifted' is not known/],
  ['refused-custom-layer', /'doubled' \(Doubled\).* not known/],
  ['refused-int8', /'dense' is quantized/],
  ['refused-lambda', /'doubled' \(Lambda\).*Python code/],
  ['refused-strings', /'words' takes string/],
  ['refused-subclassed-model', /of the class Own/],
  ['spectrogram', /(STFT|Mel)Spectrogram/],
  ['stateful', /'lstm' \(LSTM\).*stateful/],
  ['tf-einsum', /einsum/],
]);

/** Models that TF.js runs, because of an op which plans don't have. */
const unplanned: ReadonlyMap<string, RegExp> = new Map([
  ['keras3/activations', /TopKV2/],
  ['conv-lstm3d', /Conv3D/],
  ['op-math', /Sin/],
  ['op-operators', /FloorMod/],
  ['keras3/softmaxes', /TopKV2/],
  ['tf-math', /Sin/],
  ['tf-operators', /FloorMod/],
]);

describe("Keras' own files", () => {
  const answered = files.filter(([, name]) => !refusals.has(name));

  test.each(answered)(
    '%s/%s/%s: the evaluator, the served graph and its plan answer as Keras did',
    async (keras, name, file) => {
      const folder = join(fixtures, keras, name);
      const model = await readKeras(join(folder, file));
      const graph = optimise(emitModel(model));
      expect(graph.signature.outputs.map((output) => output.name)).toEqual(model.outputs.map((output) => output.name));
      for (const golden of readdirSync(folder).filter((other) => other.startsWith('golden'))) {
        const { inputs, outputs } = JSON.parse(readFileSync(join(folder, golden), 'utf8')) as Golden;
        expect(model.outputs.map((output) => output.name)).toEqual(distinct(outputs.map((output) => output.name)));
        const arrays = inputs.map(({ shape, data }) => ndArray(shape, Float64Array.from(data)));
        expect(differences(evaluate(model, arrays), outputs)).toEqual([]);
        const tensors = inputs.map(({ shape, data }, index) => {
          const datatype = graph.signature.inputs[index]?.datatype ?? 'FP32';
          return makeTensor(datatype, shape, arrayOf[datatype].from(data)) as Tensor;
        });
        expect(differences(await runGraph(graph, tensors, 'wasm'), outputs)).toEqual([]);
        const plan = await openPlanned(graph);
        const reason = unplanned.get(name) ?? unplanned.get(`${keras}/${name}`);
        if (reason === undefined) expect(differences(plan(tensors), outputs)).toEqual([]);
        else expect(() => plan(tensors)).toThrow(reason);
      }
    },
  );

  test.each(files.filter(([, name]) => refusals.has(name)))(
    '%s/%s/%s is refused by name',
    async (keras, name, file) => {
      const publishing = async () => emitModel(await readKeras(join(fixtures, keras, name, file)));
      await expect(publishing()).rejects.toThrow(refusals.get(name));
    },
  );
});

async function readKeras(path: string): Promise<KerasModel> {
  const source = await readSource(path);
  if (source.kind !== 'keras') throw new TypeError(`${path} was read as ${source.kind}`);
  return source.model;
}

/** A layer that is an output twice has two names here. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name}_${before}`;
  });
}

/** Outputs that differ by more than 1e-5, relative to max(1, |expected|), with by how much. */
function differences(
  found: readonly { readonly shape: readonly number[]; readonly data: ArrayLike<unknown> }[],
  expected: readonly Numbers[],
): string[] {
  return expected.flatMap(({ name, shape, data }, index) => {
    const output = found[index];
    if (String(output?.shape) !== String(shape)) return [`${name}: [${output?.shape}] instead of [${shape}]`];
    const worst = data.reduce((most, value, at) => {
      const difference = Math.abs(Number(output?.data[at]) - value) / Math.max(1, Math.abs(value));
      return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
    }, 0);
    return worst <= 1e-5 ? [] : [`${name}: ${worst}`];
  });
}
