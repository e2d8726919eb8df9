import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { elementCount, makeTensor, type Tensor } from '../../../lib/core/tensor.js';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import type { KerasLayer, KerasModel } from '../../../lib/importers/keras/keras-model.js';
import { numbers } from '../../runtime/recurrent/numbers.js';
import { runGraph } from '../run-graph.js';

interface Described {
  readonly className: string;
  readonly config: Record<string, unknown>;
  readonly weights: Record<string, number[]>;
  readonly children: Record<string, Described>;
}

interface Case {
  readonly layer: Described;
  readonly shape: number[];
  readonly masked: boolean;
  readonly states: number;
  readonly outputs: readonly { readonly shape: number[]; readonly data: number[] }[];
}

const tensor = (shape: readonly number[], seed: number, scale?: number): Tensor =>
  makeTensor('FP32', shape, numbers(elementCount(shape), seed, scale));

/** The layer with the weights that generate.py gave it: seeds from 10 on, one after the other. */
function layerOf(described: Described): KerasLayer {
  let seed = 10;
  const read = ({ className, config, weights, children }: Described): KerasLayer => ({
    name: className,
    className,
    config,
    weights: new Map(Object.entries(weights).map(([name, shape]) => [name, tensor(shape, seed++, 0.5)])),
    children: new Map(Object.entries(children).map(([name, child]) => [name, read(child)])),
  });
  return read(described);
}

const value = (input: number) => ({ kind: 'value' as const, ref: { input } });

function modelOf(
  { layer, masked, states, outputs }: Case,
  inputs: readonly Tensor[],
  kerasVersion: string,
): KerasModel {
  const initial = Array.from({ length: states }, (_, index) => value(1 + Number(masked) + index));
  const kwargs = {
    ...(masked ? { mask: value(1) } : {}),
    ...(states > 0 ? { initial_state: { kind: 'list' as const, items: initial } } : {}),
  };
  return {
    name: 'model',
    kerasVersion,
    inputs: inputs.map(({ datatype, shape }, index) => ({
      name: `in${index}`,
      datatype,
      shape: [-1, ...shape.slice(1)],
    })),
    calls: [{ layer: layerOf(layer), args: [value(0)], kwargs }],
    outputs: outputs.map((_, output) => ({ name: `out${output}`, value: { call: 0, output } })),
  };
}

// What Keras itself answers; see generate.py beside the files.
describe.each(['keras-2', 'keras-3'])('recurrent layers of %s', (file) => {
  const path = join(__dirname, '../../fixtures/recurrent', `${file}.json`);
  const { keras, cases } = JSON.parse(readFileSync(path, 'utf8')) as { keras: string; cases: Case[] };

  test.each(cases.map((found, index) => [index, found.layer.className, found] as const))(
    '%i %s',
    async (_index, _name, found) => {
      const [batch = 0, time = 0] = found.shape;
      const mask = Uint8Array.from(numbers(batch * time, 5), (number) => Number(number > -0.3));
      const inputs = [
        tensor(found.shape, 1),
        ...(found.masked ? [makeTensor('BOOL', [batch, time], mask)] : []),
        ...Array.from({ length: found.states }, (_, index) => tensor([batch, 3], 20 + index)),
      ];
      const actual = await runGraph(emitModel(modelOf(found, inputs, keras)), inputs, 'wasm');
      for (const [index, { shape, data }] of found.outputs.entries()) {
        expect(actual[index]?.shape).toEqual(shape);
        const differences = data.map((number, at) => Math.abs(number - (actual[index]?.data[at] as number)));
        expect(Math.max(...differences)).toBeLessThan(1e-6);
      }
    },
  );
});
