/**
 * Layers that hand their first input's mask on unchanged: Keras' `supports_masking` without a `compute_mask` of their own.
 * Others end it, or make one (Embedding, Masking, recurrent and merge layers, wrappers).
 */
const passing = new Set([
  'Activation',
  'ActivityRegularization',
  'AlphaDropout',
  'BatchNormalization',
  'Dense',
  'Dropout',
  'EinsumDense',
  'ELU',
  'GaussianDropout',
  'GaussianNoise',
  'GroupNormalization',
  'Identity',
  'LayerNormalization',
  'LeakyReLU',
  'PReLU',
  'ReLU',
  'RMSNormalization',
  'Softmax',
  'SpatialDropout1D',
  'ThresholdedReLU',
  'UnitNormalization',
]);

/** Whether a layer of this class hands its first input's mask on. */
export function passesMask(className: string): boolean {
  return passing.has(className);
}
