import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { requirePart } from '../support/requires.js';
import { loadFiles, loadGraphFolder } from './load-folder.js';

const models = '../shared/models';
const backends = nativeBackendInstalled() ? ['wasm', 'cpu', 'tensorflow'] : ['wasm', 'cpu'];
const memory = () => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes };
};
const row = (...values: number[]): Tensors => new Map([['x', makeTensor('FP32', [1], Float32Array.from(values))]]);

/** y = x < 0 ? −x : log x · 2, by Switch and Merge, as TensorFlow 1 writes a condition; `If` by a function. */
function branching(op: 'Switch' | 'If'): ReadonlyMap<string, Uint8Array> {
  const float = { T: { type: 'DT_FLOAT' } };
  const node = (name: string, op: string, input: string[], attr: object = float) => ({ name, op, input, attr });
  const shape = { shape: { dim: [{ size: '1' }] } };
  const placeholder = node('x', 'Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape });
  const zero = node('zero', 'Const', [], { dtype: { type: 'DT_FLOAT' }, value: { tensor: { dtype: 'DT_FLOAT' } } });
  const test = [node('less', 'Less', ['x', 'zero']), node('pred', 'Squeeze', ['less'], { T: { type: 'DT_BOOL' } })];
  const bySwitch = [
    node('switch', 'Switch', ['x', 'pred']),
    node('negative', 'Neg', ['switch:1']),
    node('log', 'Log', ['switch:0']),
    node('twice', 'AddV2', ['log', 'log']),
    node('y', 'Merge', ['negative', 'twice']),
  ];
  const byIf = [
    node('y', 'If', ['pred', 'x'], {
      then_branch: { func: { name: 'then' } },
      else_branch: { func: { name: 'else' } },
    }),
  ];
  const body = (name: string, nodes: object[], result: string) => ({
    signature: {
      name,
      inputArg: [{ name: 'v', type: 'DT_FLOAT' }],
      outputArg: [{ name: 'r', type: 'DT_FLOAT' }],
    },
    nodeDef: nodes,
    ret: { r: result },
  });
  const library = {
    function: [
      body('then', [node('negative', 'Neg', ['v'])], 'negative:y:0'),
      body('else', [node('log', 'Log', ['v']), node('twice', 'AddV2', ['log:y:0', 'log:y:0'])], 'twice:z:0'),
    ],
  };
  const model = {
    modelTopology: {
      node: [placeholder, zero, ...test, ...(op === 'If' ? byIf : bySwitch)],
      library: op === 'If' ? library : {},
      versions: {},
    },
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'zero', shape: [], dtype: 'float32' }] }],
  };
  return new Map([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ['w.bin', Buffer.alloc(4)],
  ]);
}

const signature = {
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [1] }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [1] }],
};

for (const op of ['Switch', 'If'] as const) {
  test.each(backends)(
    `a graph with ${op} on %s: both branches, faults, no memory kept, nothing printed`,
    async (backend) => {
      const warn = console.warn;
      const warnings: unknown[] = [];
      console.warn = (...words: unknown[]) => warnings.push(words);
      try {
        const model = await loadFiles(backend, branching(op), { signature });
        const y = async (x: number) => (await model.predict(row(x))).get('y')?.data[0];
        expect(await y(-3)).toBe(3);
        expect(await y(Math.E)).toBeCloseTo(2, 5);
        await expect(y(0)).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
        await expect(y(Number.NaN)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
        const before = memory();
        // A thousand where functions run; the others are slow.
        for (let count = 0; count < (backend === 'wasm' ? 1000 : 50); count++) {
          if (count % 10 === 0) await expect(y(0)).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
          expect(await y(-1 - count)).toBe(1 + count);
        }
        expect(memory()).toEqual(before);
        model.dispose();
        expect(warnings).toEqual([]);
      } finally {
        console.warn = warn;
      }
    },
  );
}

test('concurrent predicts do not mix, on one model, two models and two backends', async () => {
  const all = await Promise.all(
    ['wasm', 'cpu', 'wasm'].map((backend) => loadFiles(backend, branching('Switch'), { signature })),
  );
  const asked = Array.from({ length: 300 }, (_, index) => -1 - index);
  const answers = await Promise.all(
    asked.map(async (x, index) => (await all[index % all.length]?.predict(row(x)))?.get('y')?.data[0]),
  );
  expect(answers).toEqual(asked.map((x) => -x));
  for (const model of all) model.dispose();
});

const describeModels = requirePart('../shared/models', existsSync(models), 'a checkout with ../shared beside it');
describeModels("Keras' LSTM as a While", () => {
  test.each(backends)(
    'on %s gives what Keras gave, and leaves nothing behind, also where it fails',
    async (backend) => {
      const model = await loadGraphFolder(backend, `${models}/keras-golden/text-lstm/tfjs_graph`);
      const golden = JSON.parse(readFileSync(`${models}/keras-golden/text-lstm/golden.json`, 'utf8'));
      const [tokens, expected] = [golden.inputs[0], golden.outputs[0]];
      const inputs: Tensors = new Map([['tokens', makeTensor('INT32', tokens.shape, Int32Array.from(tokens.data))]]);
      const unknown: Tensors = new Map([['tokens', makeTensor('INT32', [1, 20], new Int32Array(20).fill(100))]]);
      const before = memory();
      for (let count = 0; count < 3; count++) {
        const data = (await model.predict(inputs)).get('output_0')?.data ?? [];
        const worst = Math.max(...Array.from(data, (value, index) => Math.abs(value - expected.data[index])));
        expect(worst).toBeLessThan(1e-6);
        await expect(model.predict(unknown)).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
      }
      expect(memory()).toEqual(before);
      model.dispose();
    },
  );
});
