import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { bundleFunction } from '../../lib/serverless/bundle.js';
import { requirePart } from '../support/requires.js';
import { tinyOutput } from '../support/tiny-model.js';
import { batch, engineContract, load } from './engine.contract.js';

engineContract('cpu');

const describeNative = requirePart('the tensorflow backend', nativeBackendInstalled(), 'npm run native');
const row = [1, 2, 3];

async function answerOn(backend: string): Promise<void> {
  const { model } = await load(backend);
  expect([...((await model.predict(batch(row))).get('y')?.data ?? [])]).toEqual(tinyOutput([row])[0]);
  expect(tf.getBackend()).toBe(backend);
  model.dispose();
}

describe('several backends in one process', () => {
  test('one after the other, in any order, with nothing left on any', async () => {
    for (const backend of ['wasm', 'cpu', 'wasm', 'cpu']) await answerOn(backend);
    expect(tf.memory().numTensors).toBe(0);
  });

  test('a predict makes its own backend the current one, whichever was used last', async () => {
    const [onWasm, onCpu] = [await load('wasm'), await load('cpu')];
    for (let count = 0; count < 3; count++) {
      for (const [backend, { model }] of [['wasm', onWasm] as const, ['cpu', onCpu] as const]) {
        expect([...((await model.predict(batch(row))).get('y')?.data ?? [])]).toEqual(tinyOutput([row])[0]);
        expect(tf.getBackend()).toBe(backend);
      }
    }
    onWasm.model.dispose();
    onCpu.model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  test('an unknown one is refused by name', async () => {
    await expect(openEngine('webgl')).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });
});

describeNative('with tensorflow', () => {
  test('wasm → tensorflow → cpu → wasm', async () => {
    for (const backend of ['wasm', 'tensorflow', 'cpu', 'wasm', 'tensorflow']) await answerOn(backend);
    expect(tf.memory().numTensors).toBe(0);
  });
});

test("a function's bundle has no cpu backend", async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'modelet-bundle-'));
  await bundleFunction({ entry: 'functions/digits.ts', outdir });
  const scripts = readdirSync(outdir).filter((name) => name.endsWith('.cjs'));
  const code = scripts.map((name) => readFileSync(join(outdir, name), 'utf8')).join('\n');
  // What that backend advises at its first use.
  expect(code).not.toContain('looks like you are running TensorFlow.js');
  expect(code.length).toBeLessThan(2_000_000);
});
