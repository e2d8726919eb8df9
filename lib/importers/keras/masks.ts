import { kerasMajor } from './keras-version.js';

/**
 * Layers that hand their first input's mask on unchanged: Keras' `supports_masking` without a `compute_mask` of their own.
 * Others end it, or make one (Embedding, Masking, recurrent, attention and merge layers, wrappers).
 */
const passing = new Set([
  'Activation',
  'ActivityRegularization',
  'AlphaDropout',
  'BatchNormalization',
  'Dense',
  'Dropout',
  'ELU',
  'GaussianDropout',
  'GaussianNoise',
  'GroupNormalization',
  'LayerNormalization',
  'LeakyReLU',
  'PReLU',
  'ReLU',
  'Softmax',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'ThresholdedReLU',
  'UnitNormalization',
]);

/** Those that do since Keras 3. */
const passingSince3 = new Set(['Identity', 'Normalization', 'Rescaling']);

/** Whether a layer of this class hands its first input's mask on. */
export function passesMask(className: string, kerasVersion: string): boolean {
  return passing.has(className) || (kerasMajor(kerasVersion) === 3 && passingSince3.has(className));
}
