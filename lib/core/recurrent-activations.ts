/**
 * Activations that a node `ModeletRecurrent` may have: Keras' elementwise ones at their default settings, by the names of
 * layer configs. `hard_sigmoid_02` is the hard_sigmoid of Keras 1 and 2, clip(0.2x + 0.5, 0, 1).
 */
export const recurrentActivations = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'relu6',
  'leaky_relu',
  'elu',
  'celu',
  'selu',
  'gelu',
  'silu',
  'mish',
  'exponential',
  'softplus',
  'softsign',
  'squareplus',
  'log_sigmoid',
  'hard_sigmoid',
  'hard_sigmoid_02',
  'hard_silu',
  'hard_tanh',
  'tanh_shrink',
  'soft_shrink',
  'hard_shrink',
  'sparse_plus',
  'sparse_sigmoid',
] as const;

export type RecurrentActivation = (typeof recurrentActivations)[number];
