import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { compileFirstKernels } from '../../lib/runtime/first-kernels.js';
import { openEngine } from '../../lib/runtime/open-engine.js';

/** Names of the kernels that run meanwhile. */
async function kernelsOf(work: () => Promise<void>): Promise<string[]> {
  const { kernelNames } = await tf.profile(async () => {
    await work();
    return tf.scalar(0);
  });
  return kernelNames;
}

test('runs the first kernels until there is something else to do, and leaves nothing behind', async () => {
  await (await openEngine('wasm', { plans: false })).start();
  await compileFirstKernels(() => false);
  const before = tf.memory().numTensors;
  let asked = 0;
  const all = await kernelsOf(() => compileFirstKernels(() => false));
  const one = await kernelsOf(() => compileFirstKernels(() => ++asked > 1));
  expect(all).toEqual(expect.arrayContaining(['FusedConv2D', '_FusedMatMul', 'MaxPool', 'Softmax']));
  expect(one).toContain('FusedConv2D');
  expect(one).not.toContain('_FusedMatMul');
  expect(tf.memory().numTensors).toBe(before + 2); // the profiles' own
});
