import { ModeletError } from '../../core/errors.js';
import { type RecurrentActivation, recurrentActivations } from '../../core/recurrent-activations.js';

/** Attributes of a node `ModeletRecurrent`, as docs/format.md defines them. */
export interface RecurrentAttributes {
  readonly cell: 'lstm' | 'gru' | 'simple_rnn';
  readonly activation: RecurrentActivation;
  /** Of the gates; a simple_rnn has none. */
  readonly recurrentActivation: RecurrentActivation;
  readonly useBias: boolean;
  readonly resetAfter: boolean;
  readonly goBackwards: boolean;
  readonly masked: boolean;
  readonly zeroOutputForMask: boolean;
  readonly returnSequences: boolean;
  /** Whether the initial states are inputs; they are zero else. */
  readonly initialStates: boolean;
}

/** Parts of a cell: gates are column blocks of its kernels, in Keras' order (i f c o; z r h). */
export const cells = {
  lstm: { gates: 4, states: 2 },
  gru: { gates: 3, states: 1 },
  simple_rnn: { gates: 1, states: 1 },
} as const;

/** @throws MODEL_CORRUPT for attributes that the definition does not know */
export function readAttributes(attrs: Readonly<Record<string, unknown>>): RecurrentAttributes {
  const cell = attrs.cell as RecurrentAttributes['cell'];
  if (!Object.hasOwn(cells, cell)) throw corrupt(`there is no cell '${cell}'`);
  const activation = (name: string): RecurrentActivation => {
    const known = recurrentActivations.find((value) => value === attrs[name]);
    if (known === undefined) throw corrupt(`${name} can't be '${attrs[name]}'`);
    return known;
  };
  const states = attrs.states ?? 0;
  if (states !== 0 && states !== cells[cell].states) throw corrupt(`a ${cell} has ${cells[cell].states} states`);
  return {
    cell,
    activation: activation('activation'),
    recurrentActivation: cell === 'simple_rnn' ? 'linear' : activation('recurrent_activation'),
    useBias: attrs.use_bias === true,
    resetAfter: cell === 'gru' && attrs.reset_after === true,
    goBackwards: attrs.go_backwards === true,
    masked: attrs.masked === true,
    zeroOutputForMask: attrs.zero_output_for_mask === true,
    returnSequences: attrs.return_sequences === true,
    initialStates: states !== 0,
  };
}

export function corrupt(problem: string): ModeletError {
  return new ModeletError('MODEL_CORRUPT', `ModeletRecurrent: ${problem}; see docs/format.md`);
}
