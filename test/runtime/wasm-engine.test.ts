import { afterEach, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { ModeletError } from '../../lib/core/errors.js';
import type { FileEntry } from '../../lib/core/manifest.js';
import { makeTensor } from '../../lib/core/tensor.js';
import type { VersionFiles } from '../../lib/core/version-files.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import type { WasmModule } from '../../lib/runtime/wasm-module.js';
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

test('weights that cannot be held twice in 4 GiB are refused before anything is read', async () => {
  const engine = await openEngine('wasm');
  const { manifest } = await load('wasm');
  const [json, weights] = manifest.files as [FileEntry, FileEntry];
  const huge = { ...manifest, files: [json, { ...weights, bytes: 2 ** 31 }] };
  const read: unknown[] = [];
  const files: VersionFiles = {
    read: async (name) => {
      read.push(name);
      throw new Error('read');
    },
    readParts: async (names) => void read.push(...names),
  };
  await expect(engine.load(huge, files)).rejects.toMatchObject({
    code: 'MODEL_UNAVAILABLE',
    message: expect.stringMatching(/^2049 MiB of weights don't fit in wasm's heap/),
  });
  expect(read).toEqual([]);
});

test('the process keeps its own handlers: emscripten installs none', async () => {
  await openEngine('wasm');
  const listeners = process.listeners('uncaughtException').map(String);
  expect(listeners.filter((source) => source.includes('ExitStatus'))).toEqual([]);
});

/** y = x · w with a square w of `size`, all ones. */
function wide(size: number) {
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
    files: new Map([
      ['model.json', Buffer.from(JSON.stringify(model))],
      ['weights.bin', Buffer.from(new Float32Array(size * size).fill(1).buffer)],
    ]),
  };
}
