import { describe, expect, test } from '@jest/globals';
import type { LoadedModel } from '../../lib/core/engine.js';
import type { Signature } from '../../lib/core/tensor.js';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { filesAtHand } from '../../lib/core/version-files.js';
import { compileKernels, createKernels, type Kernels } from '../../lib/kernels/kernels.js';
import { packingConstants } from '../../lib/plans/packing-constants.js';
import { planSource } from '../../lib/plans/plan-source.js';
import { type GraphFile, readPlanGraph } from '../../lib/plans/read-plan-graph.js';
import { draftManifest } from '../../lib/publishing/load-draft.js';
import { createHeaps } from '../../lib/runtime/heaps.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { plannedModel } from '../../lib/runtime/planned-model.js';
import { tinyDraft, tinyModelJson, tinyOutput } from '../support/tiny-model.js';
import { batch, engineContract, load } from './engine.contract.js';

engineContract('wasm', { plans: true });

const row = [1, 2, 3];
const float = { type: 'DT_FLOAT' };
const node = (name: string, op: string, attr: object, input: string[] = []) => ({ name, op, attr, input });
const constant = (name: string) => node(name, 'Const', { dtype: float });

/** A model that no registry has: y of x, with weights of FP32. */
async function graphModel(
  nodes: readonly object[],
  weights: readonly { readonly name: string; readonly shape: readonly number[] }[],
  { inputs, outputs }: Signature,
  plans = true,
): Promise<LoadedModel> {
  const numbers = Float32Array.from(
    { length: weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0) },
    (_, index) => Math.sin(index),
  );
  const model = {
    modelTopology: { node: nodes, versions: {} },
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map((one) => ({ ...one, dtype: 'float32' })) }],
  };
  const files = new Map<string, Uint8Array>([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ['weights.bin', Buffer.from(numbers.buffer)],
  ]);
  const engine = await openEngine('wasm', { plans });
  return engine.load(draftManifest({ files, signature: { inputs, outputs } }), filesAtHand(files));
}

describe('plans', () => {
  test('many shapes, more than are kept, each right', async () => {
    const { model } = await load('wasm', {}, { plans: true });
    const [one] = tinyOutput([row]);
    for (const count of [...Array.from({ length: 40 }, (_, index) => index + 1), 1, 2]) {
      const y = (await model.predict(batch(...new Array<number[]>(count).fill(row)))).get('y');
      expect(y?.shape).toEqual([count, 2]);
      expect([...(y?.data.slice(-2) ?? [])]).toEqual(one);
    }
    model.dispose();
    expect(model.usable).toBe(false);
  });

  test('models in heaps of their own answer side by side', async () => {
    const models = await Promise.all([1, 2, 3].map(() => load('wasm', {}, { plans: true })));
    const rows = Array.from({ length: 60 }, (_, index) => [index, -index, 1]);
    const answers = await Promise.all(
      rows.map(async (each, index) => {
        const model = models[index % models.length]?.model as LoadedModel;
        return [...((await model.predict(batch(each))).get('y')?.data ?? [])];
      }),
    );
    expect(answers).toEqual(tinyOutput(rows));
    for (const { model } of models) model.dispose();
  });

  test('a shape that needs other constants than those before it leaves them right', async () => {
    const attr = {
      T: float,
      strides: { list: { i: ['1', '1', '1', '1'] } },
      dilations: { list: { i: ['1', '1', '1', '1'] } },
      padding: { s: Buffer.from('SAME').toString('base64') },
    };
    const nodes = [node('x', 'Placeholder', { dtype: float }), constant('w'), node('y', 'Conv2D', attr, ['x', 'w'])];
    const image = (channels: number) => [-1, -1, -1, channels];
    const signature: Signature = {
      inputs: [{ name: 'x', datatype: 'FP32', shape: image(16) }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: image(32) }],
    };
    const weights = [{ name: 'w', shape: [3, 3, 16, 32] }];
    const [model, tfjs] = await Promise.all([true, false].map((plans) => graphModel(nodes, weights, signature, plans)));
    for (const size of [1, 2, 32, 3, 1, 2, 32, 7, 1]) {
      const data = Float32Array.from({ length: size * size * 16 }, (_, index) => Math.cos(index));
      const inputs: Tensors = new Map([['x', makeTensor('FP32', [1, size, size, 16], data)]]);
      const [ours, theirs] = await Promise.all([model, tfjs].map((each) => each?.predict(inputs)));
      const expected = theirs?.get('y')?.data ?? [];
      const largest = Math.max(
        ...[...(ours?.get('y')?.data ?? [])].map((value, at) => Math.abs(value - (expected[at] ?? 0))),
      );
      expect(largest).toBeLessThan(1e-4);
    }
    model?.dispose();
    tfjs?.dispose();
  });

  test('an index outside of its table is the fault of who sends it', async () => {
    const types = { Tparams: float, Tindices: { type: 'DT_INT32' } };
    const nodes = [
      node('x', 'Placeholder', { dtype: { type: 'DT_INT32' } }),
      constant('table'),
      node('y', 'Gather', types, ['table', 'x']),
    ];
    const model = await graphModel(nodes, [{ name: 'table', shape: [100, 4] }], {
      inputs: [{ name: 'x', datatype: 'INT32', shape: [-1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }],
    });
    const ask = (...places: number[]) =>
      model.predict(new Map([['x', makeTensor('INT32', [places.length], Int32Array.from(places))]]));
    for (const wrong of [100, -1, 2 ** 31 - 1]) {
      await expect(ask(1, wrong)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/^an index in the input is outside/),
      });
    }
    expect((await ask(99)).get('y')?.data[0]).toBe(Math.fround(Math.sin(396)));
    expect(model.usable).toBe(true);
    model.dispose();
  });
});

describe('a heap', () => {
  /** The tiny model on kernels of one's own. */
  const tinyOn = (kernels: Kernels): LoadedModel => {
    const { signature, files } = tinyDraft('tiny');
    const numbers = new Float32Array(Uint8Array.from(files.get('weights.bin') ?? []).buffer);
    const constants = packingConstants(
      kernels,
      new Map([
        ['w', { datatype: 'FP32', shape: [3, 2], data: numbers.slice(0, 6) }],
        ['b', { datatype: 'FP32', shape: [2], data: numbers.slice(6) }],
      ]),
    );
    const graph = readPlanGraph(tinyModelJson() as unknown as GraphFile, signature);
    return plannedModel({
      signature,
      source: planSource(kernels, graph, signature, constants),
      fallback: { predict: () => Promise.reject(new Error('no plan')), dispose: () => undefined },
      threads: 0,
      release: () => undefined,
      giveHeap: () => undefined,
    });
  };

  test('that cannot grow refuses what is too large, and goes on', async () => {
    const module = await compileKernels();
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 32, shared: true });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const { __heap_base: base } = exports as { __heap_base: WebAssembly.Global };
    const model = tinyOn({ ...exports, module, memory, heapBase: Number(base.value) } as unknown as Kernels);
    const rows = makeTensor('FP32', [2 ** 20, 3], new Float32Array(3 * 2 ** 20));
    await expect(model.predict(new Map([['x', rows]]))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(model.usable).toBe(true);
    expect([...((await model.predict(batch(row))).get('y')?.data ?? [])]).toEqual(tinyOutput([row])[0]);
  });

  test('in which a kernel trapped is not used again', async () => {
    const trap = (): never => {
      throw new WebAssembly.RuntimeError('memory access out of bounds');
    };
    const model = tinyOn({ ...(await createKernels()), conv2d: trap });
    await expect(model.predict(batch(row))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(model.usable).toBe(false);
    await expect(model.predict(batch(row))).rejects.toMatchObject({ message: 'the model is being loaded again' });
  });

  test('that a model left is the next one’s, unless it is far larger than needed', async () => {
    const heaps = createHeaps();
    const [first, second] = [await heaps.take(1), await heaps.take(1)];
    expect(second).not.toBe(first);
    first.memory.grow(100 * 16);
    heaps.give(first);
    heaps.give(second);
    expect(await heaps.take(2 ** 26)).toBe(first);
    expect(await heaps.take(2 ** 26)).not.toBe(first);
    // What is too large is let go: nobody counts its memory.
    for (const letGo of [() => heaps.take(2 ** 20), heaps.drop]) {
      heaps.give(first);
      await letGo();
      expect(await heaps.take(2 ** 26)).not.toBe(first);
    }
  });
});
