import { afterEach, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedModel } from '../../lib/core/engine.js';
import type { ModeletError } from '../../lib/core/errors.js';
import type { FileEntry } from '../../lib/core/manifest.js';
import { makeTensor } from '../../lib/core/tensor.js';
import type { VersionFiles } from '../../lib/core/version-files.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import type { WasmModule } from '../../lib/runtime/wasm-module.js';
import { tinyModelJson } from '../support/tiny-model.js';
import { batch, engineContract, load } from './engine.contract.js';

engineContract('wasm');

const MiB = 1024 * 1024;
const heap = (): WasmModule => (tf.backend() as unknown as { wasm: WasmModule }).wasm;

/** Takes wasm memory, in pieces of `largest` down to `least` bytes, until none fits. Untouched pages cost the machine nothing. */
function fillHeap(largest: number, least: number): void {
  for (let piece = largest; piece >= least; piece /= 2) {
    try {
      for (;;) heap()._malloc(piece);
    } catch {
      // This size no longer fits; the next smaller one may.
    }
  }
}

describe('a full wasm heap', () => {
  afterEach(async () => {
    // Whatever a test did to the heap, the next one starts on a new one.
    const { model } = await load('wasm');
    expect((await model.predict(batch([1, 2, 3]))).get('y')?.shape).toEqual([1, 2]);
    model.dispose();
  });

  test('a tensor that does not fit is refused, and the next load starts afresh', async () => {
    const { model } = await load('wasm');
    fillHeap(256 * MiB, MiB);
    const rows = makeTensor('FP32', [2 ** 20, 3], new Float32Array(3 * 2 ** 20));
    await expect(model.predict(new Map([['x', rows]]))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(model.usable).toBe(false);
    await expect(model.predict(batch([1, 2, 3]))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });

  test('a kernel that cannot pack its weights answers with stale memory in TF.js; here it is refused', async () => {
    // 64 MiB of weights which XNNPACK copies at first use.
    const size = 4096;
    const { model } = await load('wasm', wide(size));
    fillHeap(32 * MiB, MiB);
    const row = makeTensor('FP32', [1, size], new Float32Array(size).fill(1));
    const error: ModeletError = await model.predict(new Map([['x', row]])).catch((thrown) => thrown);
    expect(error.code).toBe('MODEL_UNAVAILABLE');
    expect((error.cause as Error).message).toMatch(/^XNN status .* is not successful/);
    expect(model.usable).toBe(false);
  });

  test('a heap that has grown to its last 256 MiB is not believed', async () => {
    const { model } = await load('wasm');
    fillHeap(256 * MiB, 256 * MiB);
    const error: ModeletError = await model.predict(batch([1, 2, 3])).catch((thrown) => thrown);
    expect(error.code).toBe('MODEL_UNAVAILABLE');
    expect((error.cause as Error).message).toMatch(/^the wasm heap has grown to \d+ MiB of 4096/);
  });
});

describe('memory for weights', () => {
  const onlyGraph = (model: object) => {
    const read: unknown[] = [];
    const files: VersionFiles = {
      read: async (name) => {
        read.push(name);
        return Buffer.from(JSON.stringify(model));
      },
      readParts: async (names) => void read.push(...names),
      readInto: async (name) => void read.push(name),
    };
    return { read, files };
  };
  const large = (size: number) => {
    const weightsManifest = [{ paths: ['weights.bin'], weights: [{ name: 'w', shape: [size], dtype: 'float32' }] }];
    return onlyGraph({ ...tinyModelJson(), weightsManifest });
  };
  const manifestOf = async (bytes: number) => {
    const { manifest } = await load('wasm');
    const [json, weights] = manifest.files as [FileEntry, FileEntry];
    return { ...manifest, files: [json, { ...weights, bytes }] };
  };

  test('what wasm cannot hold is refused before a weight is read', async () => {
    const engine = await openEngine('wasm', { plans: false });
    const { read, files } = large(2 ** 29);
    await expect(engine.load(await manifestOf(2 ** 31), files)).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringMatching(
        /^the weights need 4096 MiB of memory, and there is room for 3584 MiB.*; wasm can hold no more; use/,
      ),
    });
    expect(read).toEqual(['model.json']);
  });

  test('what the function has no memory for is refused too, and says how much is missing', async () => {
    const engine = await openEngine('wasm', { plans: false });
    const { read, files } = large(2 ** 26);
    await expect(engine.load(await manifestOf(2 ** 28), files, 2 ** 28)).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringMatching(
        /^the weights need 512 MiB of memory, and there is room for 256 MiB.*; give the function 25\d MiB more/,
      ),
    });
    expect(read).toEqual(['model.json']);
  });

  test('dense weights give way to their packed copies, whatever the batch, and nothing stays of them', async () => {
    const size = 2048;
    const values = Float32Array.from({ length: size * size }, (_, index) => ((index * 7) % 11) - 5);
    const rows = (count: number) => Float32Array.from({ length: count * size }, (_, index) => (index % 5) - 2);
    const ask = async (model: LoadedModel, count: number) => {
      const x = rows(count);
      const y = (await model.predict(new Map([['x', makeTensor('FP32', [count, size], x)]]))).get('y')?.data ?? [];
      for (let at = 0; at < y.length; at += 97) {
        const [row, column] = [Math.floor(at / size), at % size];
        let sum = 0;
        for (let k = 0; k < size; k++) sum += (x[row * size + k] as number) * (values[k * size + column] as number);
        expect(y[at]).toBe(sum);
      }
    };
    let heapBytes = 0;
    for (let round = 0; round < 12; round++) {
      const { model } = await load('wasm', wide(size, values));
      for (const count of round === 0 ? [1, 3, 1] : [1]) await ask(model, count);
      model.dispose();
      if (round === 3) heapBytes = heap().HEAPU8.length;
    }
    expect(heap().HEAPU8.length).toBe(heapBytes);
  });

  test('a weight that something else reads as well stays', async () => {
    const size = 1024;
    const { files, ...described } = wide(size);
    const model = JSON.parse(Buffer.from(files.get('model.json') as Uint8Array).toString());
    // y = x · w, then once more: y · w
    const [x, w, y] = model.modelTopology.node;
    model.modelTopology.node = [x, w, { ...y, name: 'once' }, { ...y, input: ['once', 'w'] }];
    files.set('model.json', Buffer.from(JSON.stringify(model)));
    const loaded = (await load('wasm', { ...described, files })).model;
    const row = makeTensor('FP32', [1, size], new Float32Array(size).fill(1));
    for (let count = 0; count < 3; count++) {
      expect((await loaded.predict(new Map([['x', row]]))).get('y')?.data[7]).toBe(size * size);
    }
    loaded.dispose();
  });
});

test('the process keeps its own handlers: emscripten installs none', async () => {
  await openEngine('wasm', { plans: false });
  const listeners = process.listeners('uncaughtException').map(String);
  expect(listeners.filter((source) => source.includes('ExitStatus'))).toEqual([]);
});

/** y = x · w with a square w of `size`. */
function wide(size: number, values = new Float32Array(size * size).fill(1)) {
  const node = (name: string, op: string, attr: object, input: string[] = []) => ({ name, op, attr, input });
  const float = { type: 'DT_FLOAT' };
  const model = {
    modelTopology: {
      node: [
        node('x', 'Placeholder', { dtype: float }),
        node('w', 'Const', { dtype: float, value: { tensor: { dtype: 'DT_FLOAT' } } }),
        node('y', 'MatMul', { T: float, transpose_a: { b: false }, transpose_b: { b: false } }, ['x', 'w']),
      ],
      versions: {},
    },
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    weightsManifest: [{ paths: ['weights.bin'], weights: [{ name: 'w', shape: [size, size], dtype: 'float32' }] }],
  };
  const square = { datatype: 'FP32' as const, shape: [-1, size] };
  return {
    signature: { inputs: [{ name: 'x', ...square }], outputs: [{ name: 'y', ...square }] },
    files: new Map<string, Uint8Array>([
      ['model.json', Buffer.from(JSON.stringify(model))],
      ['weights.bin', Buffer.from(values.buffer)],
    ]),
  };
}
