import { createRandom } from '../../lib/core/random.js';
import { elementCount } from '../../lib/core/tensor.js';
import type { Layer, Weight } from '../cold-start/layers-model.js';

export const steps = 100;
export const vocabulary = 2000;
const [features, units, classes] = [32, 64, 2];

/** A small classifier of texts: tokens → embedding → LSTM(64) → probabilities. Its weights are random, always the same ones. */
export function textLayers(): readonly Layer[] {
  const random = createRandom(1997);
  const weight = (name: string, ...shape: readonly number[]): Weight => ({
    name,
    shape,
    values: Float32Array.from({ length: elementCount(shape) }, () => 0.4 * random() - 0.2),
  });
  return [
    {
      className: 'InputLayer',
      name: 'tokens',
      config: { batch_input_shape: [null, steps], dtype: 'int32' },
      inputs: [],
      weights: [],
    },
    {
      className: 'Embedding',
      name: 'words',
      config: { input_dim: vocabulary, output_dim: features, input_length: steps, mask_zero: false },
      inputs: ['tokens'],
      weights: [weight('words/embeddings', vocabulary, features)],
    },
    {
      className: 'LSTM',
      name: 'lstm',
      config: { units, activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true, return_sequences: false },
      inputs: ['words'],
      weights: [
        weight('lstm/kernel', features, 4 * units),
        weight('lstm/recurrent_kernel', units, 4 * units),
        weight('lstm/bias', 4 * units),
      ],
    },
    {
      className: 'Dense',
      name: 'probabilities',
      config: { units: classes, activation: 'softmax', use_bias: true },
      inputs: ['lstm'],
      weights: [weight('probabilities/kernel', units, classes), weight('probabilities/bias', classes)],
    },
  ];
}
