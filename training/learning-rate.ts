import type * as tf from '@tensorflow/tfjs-core';

/**
 * Sets the rate that falls from `first` to `last` along a cosine.
 * @param done share of the training, 0…1
 */
export function setCosineRate(
  optimizer: tf.Optimizer,
  { first, last }: { readonly first: number; readonly last: number },
  done: number,
): void {
  // TF.js gives optimizers no setter for the rate; it is read anew at each step.
  Object.assign(optimizer, { learningRate: last + (first - last) * 0.5 * (1 + Math.cos(Math.PI * done)) });
}
