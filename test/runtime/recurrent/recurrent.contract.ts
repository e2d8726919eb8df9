import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedModel } from '../../../lib/core/engine.js';
import type { Manifest } from '../../../lib/core/manifest.js';
import { makeTensor, type Tensor, type TensorSpec, type Tensors } from '../../../lib/core/tensor.js';
import { filesAtHand } from '../../../lib/core/version-files.js';
import * as attribute from '../../../lib/importers/graph/attributes.js';
import { createGraphBuilder } from '../../../lib/importers/graph/graph-builder.js';
import { writeModelJson } from '../../../lib/importers/graph/model-json.js';
import { openEngine } from '../../support/engine.js';
import { numbers } from './numbers.js';
import { reference } from './reference.js';

const [features, units] = [3, 6];

/** A model of one LSTM with everything that is optional: mask, initial states, sequences backwards, final states. */
function lstmModel(attributes: attribute.Attributes = {}) {
  const graph = createGraphBuilder();
  const input = (spec: TensorSpec) => graph.input(spec);
  const weight = (name: string, shape: number[], seed: number) =>
    graph.constant(makeTensor('FP32', shape, numbers((shape[0] as number) * (shape[1] ?? 1), seed)), name);
  const inputs = [
    input({ name: 'x', datatype: 'FP32', shape: [-1, -1, features] }),
    weight('kernel', [features, 4 * units], 1),
    weight('recurrent_kernel', [units, 4 * units], 2),
    weight('bias', [4 * units], 3),
    input({ name: 'mask', datatype: 'BOOL', shape: [-1, -1] }),
    input({ name: 'h', datatype: 'FP32', shape: [-1, units] }),
    input({ name: 'c', datatype: 'FP32', shape: [-1, units] }),
  ];
  const flags = ['use_bias', 'go_backwards', 'masked', 'return_sequences'].map((name) => [name, attribute.flag(true)]);
  const state = { datatype: 'FP32' as const, shape: [-1, units] };
  const [sequence, h, c] = graph.nodes(
    'ModeletRecurrent',
    inputs,
    {
      cell: attribute.text('lstm'),
      activation: attribute.text('tanh'),
      recurrent_activation: attribute.text('sigmoid'),
      states: attribute.int(2),
      ...Object.fromEntries(flags),
      ...attributes,
    },
    [{ datatype: 'FP32', shape: [-1, -1, units] }, state, state],
  );
  if (sequence === undefined || h === undefined || c === undefined) throw new Error('a node of three outputs');
  return graph.finish([
    { name: 'last_c', value: c },
    { name: 'sequence', value: sequence },
    { name: 'last_h', value: h },
  ]);
}

async function load(backend: string, attributes?: attribute.Attributes): Promise<LoadedModel> {
  const graph = lstmModel(attributes);
  const files = writeModelJson(graph);
  const manifest = {
    model: 'lstm',
    version: '1',
    signature: graph.signature,
    golden: { inputs: [], outputs: [] },
    files: [...files].map(([name, { length: bytes }]) => ({ name, bytes, sha256: '', parts: [] })),
  } as unknown as Manifest;
  const engine = await openEngine(backend);
  return engine.load(manifest, filesAtHand(files));
}

function request(batch: number, time: number): Tensors {
  const tensor = (shape: number[], seed: number) =>
    makeTensor(
      'FP32',
      shape,
      numbers(
        shape.reduce((product, size) => product * size, 1),
        seed,
      ),
    );
  const mask = Uint8Array.from(numbers(batch * time, 4), (value) => Number(value > -0.3));
  return new Map<string, Tensor>([
    ['x', tensor([batch, time, features], 5)],
    ['mask', makeTensor('BOOL', [batch, time], mask)],
    ['h', tensor([batch, units], 6)],
    ['c', tensor([batch, units], 7)],
  ]);
}

/** What the node must do on every backend. */
export function recurrentContract(backend: string): void {
  describe(`ModeletRecurrent on ${backend}`, () => {
    test.each([
      [1, 1],
      [3, 7],
      [70, 2],
      [0, 4],
      [2, 0],
    ])('a batch of %i with %i steps, all inputs and outputs', async (batch, time) => {
      const model = await load(backend);
      const inputs = request(batch, time);
      const data = (name: string) => (inputs.get(name) as Tensor).data as Float32Array;
      const expected = reference(
        {
          cell: 'lstm',
          activation: 'tanh',
          recurrentActivation: 'sigmoid',
          useBias: true,
          resetAfter: false,
          goBackwards: true,
          masked: true,
          zeroOutputForMask: false,
          returnSequences: true,
          initialStates: true,
        },
        {
          features,
          units,
          gates: 4,
          kernel: numbers(features * 4 * units, 1),
          recurrentKernel: numbers(units * 4 * units, 2),
          bias: numbers(4 * units, 3),
          recurrentBias: undefined,
        },
        { x: data('x'), batch, time, mask: data('mask'), states: [data('h'), data('c')] },
      );
      const outputs = await model.predict(inputs);
      model.dispose();
      expect([...outputs.keys()]).toEqual(['last_c', 'sequence', 'last_h']);
      for (const [name, values] of [
        ['sequence', expected.output],
        ['last_h', expected.states[0]],
        ['last_c', expected.states[1]],
      ] as const) {
        const found = outputs.get(name)?.data ?? [];
        expect(found).toHaveLength(values?.length ?? -1);
        const differences = (values ?? []).map((value, index) => Math.abs(value - (found[index] as number)));
        expect(Math.max(0, ...differences)).toBeLessThan(2e-6);
      }
      expect(outputs.get('sequence')?.shape).toEqual([batch, time, units]);
    });

    test('holds on to no memory, call after call and model after model', async () => {
      const once = async () => {
        const model = await load(backend);
        for (let call = 0; call < 3; call++) await model.predict(request(2, 5));
        model.dispose();
        return tf.memory().numTensors;
      };
      const tensors = await once();
      for (let time = 0; time < 5; time++) expect(await once()).toBe(tensors);
    });

    test('attributes that the definition does not know are refused', async () => {
      const model = await load(backend, { activation: attribute.text('softmax') });
      await expect(model.predict(request(1, 1))).rejects.toMatchObject({
        code: 'MODEL_CORRUPT',
        message: "ModeletRecurrent: activation can't be 'softmax'; see docs/format.md",
      });
      model.dispose();
    });
  });
}
