import type { Argument, KerasCall } from '../keras/keras-model.js';
import type { LayerNode } from './layer-node.js';

/** What the arguments after the first are called, where files give them by position. */
const names: Readonly<Record<string, readonly string[]>> = {
  MultiHeadAttention: ['value', 'key', 'query_mask', 'value_mask', 'key_mask', 'attention_mask'],
  GroupQueryAttention: ['value', 'key', 'query_mask', 'value_mask', 'key_mask', 'attention_mask'],
  SimpleRNN: ['initial_state', 'mask'],
  GRU: ['initial_state', 'mask'],
  LSTM: ['initial_state', 'mask'],
  RNN: ['initial_state', 'mask'],
  ConvLSTM1D: ['initial_state', 'mask'],
  ConvLSTM2D: ['initial_state', 'mask'],
  ConvLSTM3D: ['initial_state', 'mask'],
  Bidirectional: ['initial_state', 'mask'],
  Dense: ['training'],
  Dropout: ['training'],
  BatchNormalization: ['training', 'mask'],
  TimeDistributed: ['training', 'mask'],
};

type Given = Pick<KerasCall, 'args' | 'kwargs'>;

/**
 * A layer's arguments in one form: everything but the first by name, and the state of a recurrent layer as `initial_state`,
 * which Keras 1 and 2 put into one list with the input.
 */
export function nameArguments({ className }: Pick<LayerNode, 'className'>, { args, kwargs }: Given): Given {
  const known = Object.hasOwn(names, className) ? names[className] : undefined;
  if (known === undefined) return { args, kwargs };
  const [first, ...others] = args;
  const named: Record<string, Argument> = { ...kwargs };
  others.forEach((argument, index) => {
    const name = known[index];
    if (name !== undefined && !isNull(argument)) named[name] = argument;
  });
  if (first?.kind !== 'list' || !known.includes('initial_state'))
    return { args: first === undefined ? [] : [first], kwargs: named };
  const [input, ...state] = first.items;
  if (state.length > 0) named.initial_state = { kind: 'list', items: state };
  return { args: input === undefined ? [] : [input], kwargs: named };
}

function isNull(argument: Argument): boolean {
  return argument.kind === 'constant' && argument.value === null;
}
