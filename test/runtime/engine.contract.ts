import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedModel } from '../../lib/core/engine.js';
import type { Manifest } from '../../lib/core/manifest.js';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { tinyDraft, tinyOutput } from '../support/tiny-model.js';

/** Rows of 3 → the tiny model's input. */
export const batch = (...rows: number[][]): Tensors =>
  new Map([['x', makeTensor('FP32', [rows.length, 3], Float32Array.from(rows.flat()))]]);

/** A version without a registry: its draft is its manifest and its files. */
export async function load(
  backend: string,
  overrides: Parameters<typeof tinyDraft>[1] = {},
): Promise<{ model: LoadedModel; manifest: Manifest }> {
  const { files, ...described } = tinyDraft('tiny', overrides);
  const entries = [...files].map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: '', parts: [] }));
  const manifest: Manifest = { format: 'modelet/1', version: '1', created: '', files: entries, ...described };
  const engine = await openEngine(backend);
  return { model: await engine.load(manifest, async (name) => files.get(name) as Uint8Array), manifest };
}

/** What every engine must do; each backend runs it. */
export function engineContract(backend: string): void {
  describe(`engine on ${backend}`, () => {
    test('predicts by name, with any batch size', async () => {
      const { model } = await load(backend);
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
            expect(y?.data[index]).toBeCloseTo(value, 4);
          });
      }
      model.dispose();
    });
    test('leaves no tensor behind in 10,000 predicts', async () => {
      const { model } = await load(backend);
      await model.predict(batch([1, 2, 3]));
      const before = tf.memory();
      for (let count = 0; count < 10_000; count++) await model.predict(batch([count, 2, 3]));
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      expect({ numTensors, numDataBuffers, numBytes }).toEqual({
        numTensors: before.numTensors,
        numDataBuffers: before.numDataBuffers,
        numBytes: before.numBytes,
      });
      model.dispose();
    });
  });
}
