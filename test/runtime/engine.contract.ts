import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedModel } from '../../lib/core/engine.js';
import type { Manifest } from '../../lib/core/manifest.js';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { filesAtHand } from '../../lib/core/version-files.js';
import { type EngineOptions, openEngine } from '../../lib/runtime/open-engine.js';
import { tinyDraft, tinyModelJson, tinyOutput } from '../support/tiny-model.js';

/** Rows of 3 → the tiny model's input. */
export const batch = (...rows: number[][]): Tensors =>
  new Map([['x', makeTensor('FP32', [rows.length, 3], Float32Array.from(rows.flat()))]]);

/** A version without a registry: its draft is its manifest and its files. */
export async function load(
  backend: string,
  overrides: Parameters<typeof tinyDraft>[1] = {},
  options: EngineOptions = { plans: false },
): Promise<{ model: LoadedModel; manifest: Manifest }> {
  const { files, ...described } = tinyDraft('tiny', overrides);
  const entries = [...files].map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: '', parts: [] }));
  const manifest: Manifest = { format: 'modelet/1', version: '1', created: '', files: entries, ...described };
  const engine = await openEngine(backend, options);
  return { model: await engine.load(manifest, filesAtHand(files)), manifest };
}

/** Of TF.js, whether it has a backend yet or not. */
function tensorsAlive() {
  const { numTensors, numDataBuffers, numBytes } = tf.engine().state;
  return { numTensors, numDataBuffers, numBytes };
}

/** What every engine must do; each backend runs it. */
export function engineContract(backend: string, options?: EngineOptions): void {
  const loaded = (overrides: Parameters<typeof tinyDraft>[1] = {}) => load(backend, overrides, options);
  describe(`engine on ${backend}${options?.plans ? ' by plans' : ''}`, () => {
    test('predicts by name, with any batch size', async () => {
      const { model } = await loaded();
      for (const rows of [
        [[1, 2, 3]],
        [
          [1, 2, 3],
          [0, 0, 0],
          [-5, 1e3, 0.125],
        ],
      ]) {
        const y = (await model.predict(batch(...rows))).get('y');
        expect(y?.shape).toEqual([rows.length, 2]);
        tinyOutput(rows)
          .flat()
          .forEach((value, index) => {
            expect(Math.abs((y?.data[index] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-5);
          });
      }
      model.dispose();
    });
    test('NaN and Infinity in an output are INFERENCE_FAILED, and the model goes on', async () => {
      // y = log of what the tiny model says: NaN below zero, -Infinity at it.
      const log = { name: 'log', op: 'Log', input: ['y'], attr: { T: { type: 'DT_FLOAT' } } };
      const files = new Map(tinyDraft('tiny').files).set(
        'model.json',
        Buffer.from(JSON.stringify(tinyModelJson([log], 'log'))),
      );
      const { model } = await loaded({ files });
      for (const row of [
        [-100, 0, 0],
        [-0.25, 0, 0],
      ]) {
        await expect(model.predict(batch(row))).rejects.toMatchObject({
          code: 'INFERENCE_FAILED',
          message: "output 'y' holds NaN or Infinity for this input",
        });
      }
      expect((await model.predict(batch([1, 2, 3]))).get('y')?.shape).toEqual([1, 2]);
      model.dispose();
    });
    test('inputs whose overflow inside the network would not show are INVALID_INPUT', async () => {
      const { model } = await loaded();
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -3e38, 2e19]) {
        await expect(model.predict(batch([1, value, 3]))).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          message: expect.stringMatching(/^x: holds NaN or a number over 1\.8e19/),
        });
      }
      expect((await model.predict(batch([1e18, 1, 1]))).get('y')?.shape).toEqual([1, 2]);
      model.dispose();
    });
    test('an output that is not what the signature says is INFERENCE_FAILED', async () => {
      const { model } = await loaded({
        signature: {
          inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
          outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 5] }],
        },
      });
      await expect(model.predict(batch([1, 2, 3]))).rejects.toMatchObject({
        code: 'INFERENCE_FAILED',
        message: "output 'y' is float32 [1, 2], the signature says FP32 [any, 5]",
      });
      model.dispose();
    });
    test.each([
      ['is not JSON', '{', /is not JSON/],
      ['has no topology', '{"weightsManifest":[]}', /has no modelTopology/],
      [
        'names a file that is not in the manifest',
        JSON.stringify({ modelTopology: { node: [] }, weightsManifest: [{ paths: ['../x'], weights: [] }] }),
        /names the file '\.\.\/x'/,
      ],
      [
        'is another kind of model',
        JSON.stringify({ modelTopology: { model_config: {} }, weightsManifest: [] }),
        /is not a TF\.js graph model/,
      ],
    ])('a model.json that %s is MODEL_CORRUPT', async (_, text, message) => {
      const loading = loaded({
        files: new Map([
          ['model.json', Buffer.from(text)],
          ['weights.bin', Buffer.alloc(32)],
        ]),
      });
      await expect(loading).rejects.toMatchObject({ code: 'MODEL_CORRUPT', message: expect.stringMatching(message) });
    });
    test('leaves no tensor behind in 10,000 predicts', async () => {
      const { model } = await loaded();
      await model.predict(batch([1, 2, 3]));
      const before = tensorsAlive();
      for (let count = 0; count < 10_000; count++) await model.predict(batch([count, 2, 3]));
      expect(tensorsAlive()).toEqual(before);
      model.dispose();
    });
  });
}
