import fc from 'fast-check';
import type { RecurrentAttributes } from '../../../lib/runtime/recurrent/recurrent-node.js';

/** Every cell and flag, with the activations that kernels of our own have short ways for, and some that they have not. */
export const anyAttributes = fc.record<RecurrentAttributes>({
  cell: fc.constantFrom('lstm', 'gru', 'simple_rnn'),
  activation: fc.constantFrom('tanh', 'tanh', 'softsign', 'relu'),
  recurrentActivation: fc.constantFrom('sigmoid', 'sigmoid', 'hard_sigmoid_02'),
  useBias: fc.boolean(),
  resetAfter: fc.boolean(),
  goBackwards: fc.boolean(),
  masked: fc.boolean(),
  zeroOutputForMask: fc.boolean(),
  returnSequences: fc.boolean(),
  initialStates: fc.boolean(),
});
