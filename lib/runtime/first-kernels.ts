import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { inTurn } from './turns.js';

/** What most networks compute first, on next to nothing. */
const steps: readonly (() => tf.Tensor)[] = [
  () =>
    tf.fused.conv2d({
      x: tf.zeros([1, 4, 4, 1]) as tf.Tensor4D,
      filter: tf.zeros([3, 3, 1, 1]) as tf.Tensor4D,
      bias: tf.zeros([1]),
      strides: 1,
      pad: 'same',
      activation: 'relu',
    }),
  () => tf.fused.matMul({ a: tf.zeros([1, 4]), b: tf.zeros([4, 4]), bias: tf.zeros([4]), activation: 'relu' }),
  () => tf.maxPool(tf.zeros([1, 4, 4, 1]) as tf.Tensor4D, 2, 2, 'valid'),
  () => tf.softmax(tf.zeros([1, 4])),
];

/**
 * Has V8 compile the first kernels, and TF.js' code around them, which it does when they first run. For the time that a start
 * waits for the store: it ends where there is something else to do.
 */
export async function compileFirstKernels(isBusy: () => boolean): Promise<void> {
  for (const step of steps) {
    await setImmediate();
    if (isBusy()) return;
    await inTurn(() => {
      tf.tidy(() => void step().dataSync());
    });
  }
}
