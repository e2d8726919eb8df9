import * as v from 'valibot';
import { type RecurrentActivation, recurrentActivations } from '../../core/recurrent-activations.js';
import type { Tensor } from '../../core/tensor.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';

/** What the node `ModeletRecurrent` needs to know of a cell (docs/format.md). */
export interface RecurrentCell {
  readonly kind: 'lstm' | 'gru' | 'simple_rnn';
  readonly units: number;
  readonly states: number;
  readonly activation: RecurrentActivation;
  /** Of the gates; a simple_rnn has none. */
  readonly recurrentActivation: RecurrentActivation | undefined;
  readonly resetAfter: boolean;
  /** [features, gates · units] */
  readonly kernel: Tensor;
  /** [units, gates · units] */
  readonly recurrentKernel: Tensor;
  /** [gates · units]; [2, gates · units] with `resetAfter`. */
  readonly bias: Tensor | undefined;
}

const classes: Readonly<Record<string, Pick<RecurrentCell, 'kind' | 'states'> & { readonly gates: number }>> = {
  LSTM: { kind: 'lstm', gates: 4, states: 2 },
  GRU: { kind: 'gru', gates: 3, states: 1 },
  SimpleRNN: { kind: 'simple_rnn', gates: 1, states: 1 },
};

const activation = v.picklist(
  recurrentActivations,
  ({ received }) => `${received} is no activation that a recurrent layer can have here`,
);
const schema = v.object({
  units: v.pipe(v.number(), v.integer(), v.minValue(1)),
  use_bias: v.boolean(),
  activation,
  recurrent_activation: v.optional(activation),
  reset_after: v.optional(v.boolean(), false),
});

/** @throws INVALID_INPUT for settings or weights that don't fit */
export function readCell(layer: KerasLayer): RecurrentCell {
  const { kind, gates, states } = classes[layer.className] as NonNullable<(typeof classes)[string]>;
  const config = readConfig(layer, schema);
  const { units, reset_after: resetAfter } = config;
  const recurrentActivation = kind === 'simple_rnn' ? undefined : config.recurrent_activation;
  if (kind !== 'simple_rnn' && recurrentActivation === undefined)
    throw refused(layer, 'it has no recurrent_activation');
  const columns = gates * units;
  const sized = (name: string, shape: readonly number[]): Tensor => {
    const tensor = readWeight(layer, name, shape.length);
    if (shape.every((size, axis) => size === -1 || size === tensor.shape[axis])) return tensor;
    throw refused(layer, `its weight '${name}' is [${tensor.shape}], where [${shape}] is expected`);
  };
  return {
    kind,
    units,
    states,
    activation: config.activation,
    recurrentActivation,
    resetAfter,
    kernel: sized('kernel', [-1, columns]),
    recurrentKernel: sized('recurrent_kernel', [units, columns]),
    bias: config.use_bias ? sized('bias', resetAfter ? [2, columns] : [columns]) : undefined,
  };
}
