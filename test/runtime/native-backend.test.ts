import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import util from 'node:util';
import { beforeAll, expect, describe as suite, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import { loadTfjsNode, nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { requirePart } from '../support/requires.js';

const describe = requirePart('the native backend (tfjs-node)', nativeBackendInstalled(), 'npm run native');

describe('the native backend', () => {
  beforeAll(async () => {
    // As on Node 23 and newer, whatever runs this test.
    for (const name of ['isNullOrUndefined', 'isArray']) Reflect.deleteProperty(util, name);
    await loadTfjsNode();
    await tf.setBackend('tensorflow');
  });

  test("is the backend of this package's own tfjs-core", () => {
    expect(tf.getBackend()).toBe('tensorflow');
    const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6], [2, 1])).dataSync();
    expect(product).toBeInstanceOf(Float32Array);
    expect([...product]).toEqual([17, 39]);
  });

  test('runs the kernels that ask for utilities which newer Node versions lack', () => {
    expect([...tf.topk(tf.tensor1d([1, 3, 2]), 2).values.dataSync()]).toEqual([3, 2]);
    expect([...tf.concat([tf.tensor1d([1]), tf.tensor1d([2])]).dataSync()]).toEqual([1, 2]);
  });

  test('has the gradient of a convolution, so it can train', () => {
    const image = tf.ones([1, 3, 3, 1]) as tf.Tensor4D;
    const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
    const gradient = tf.grad((f: tf.Tensor) => tf.sum(tf.conv2d(image, f as tf.Tensor4D, 1, 'valid')))(filter);
    expect([...gradient.dataSync()]).toEqual([4, 4, 4, 4]);
  });
});

suite('without the native backend', () => {
  test('loading it names the command that installs it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'modelet-native-'));
    try {
      const outfile = join(folder, 'native-backend.mjs');
      const entryPoints = ['lib/runtime/native-backend.ts'];
      await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node' });
      const script = `const m = await import(${JSON.stringify(outfile)});
        console.log(m.nativeBackendInstalled());
        await m.loadTfjsNode().catch((error) => console.log(error.code, error.message));`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
      expect(stdout).toMatch(/^false\nMODEL_UNAVAILABLE .*`npm run native`/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
