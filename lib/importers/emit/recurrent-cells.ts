import * as v from 'valibot';
import { type RecurrentActivation, recurrentActivations } from '../../core/recurrent-activations.js';
import { makeTensor, type Tensor } from '../../core/tensor.js';
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

const kinds = {
  lstm: { gates: 4, states: 2 },
  gru: { gates: 3, states: 1 },
  simple_rnn: { gates: 1, states: 1 },
} as const;

/** Keras' names of the same thing. */
const synonyms: Readonly<Record<string, string>> = { swish: 'silu', hard_swish: 'hard_silu' };

const activation = v.pipe(
  v.optional(v.nullable(v.string('has settings, which a recurrent layer here does not take')), 'linear'),
  v.transform((name) => synonyms[name ?? 'linear'] ?? name ?? 'linear'),
  v.picklist(
    recurrentActivations,
    (issue) => `${issue.received} is no activation that a recurrent layer here can have`,
  ),
);
const common = {
  units: v.pipe(v.number(), v.integer(), v.minValue(1)),
  use_bias: v.optional(v.boolean(), true),
  activation,
};
const simpleSchema = v.object(common);
const lstmSchema = v.object({ ...common, recurrent_activation: activation });
const gruSchema = v.object({ ...lstmSchema.entries, reset_after: v.optional(v.boolean(), false) });

/** Layer and cell classes → the cell in them. A layer's weights and settings are its cell's. */
const readers: Readonly<Record<string, (layer: KerasLayer) => RecurrentCell>> = {
  LSTM: readLstm,
  LSTMCell: readLstm,
  GRU: readGru,
  GRUCell: readGru,
  SimpleRNN: readSimple,
  SimpleRNNCell: readSimple,
  CuDNNLSTM: (layer) => readCudnn(layer, 'lstm'),
  CuDNNGRU: (layer) => readCudnn(layer, 'gru'),
};

/** @throws INVALID_INPUT for a cell that is none of Keras', or has settings or weights that don't fit */
export function readCell(layer: KerasLayer): RecurrentCell {
  const read = readers[layer.className];
  if (read === undefined) throw refused(layer, `the cell ${layer.className} is not one of Keras' own`);
  return read(layer);
}

function readLstm(layer: KerasLayer): RecurrentCell {
  const config = readConfig(layer, lstmSchema);
  const { activation, recurrent_activation: recurrentActivation } = config;
  return { ...readKind(layer, 'lstm', config, false), activation, recurrentActivation };
}

function readGru(layer: KerasLayer): RecurrentCell {
  const config = readConfig(layer, gruSchema);
  const { activation, recurrent_activation: recurrentActivation, reset_after } = config;
  return { ...readKind(layer, 'gru', config, reset_after), activation, recurrentActivation };
}

function readSimple(layer: KerasLayer): RecurrentCell {
  const config = readConfig(layer, simpleSchema);
  return {
    ...readKind(layer, 'simple_rnn', config, false),
    activation: config.activation,
    recurrentActivation: undefined,
  };
}

function readKind(
  layer: KerasLayer,
  kind: RecurrentCell['kind'],
  { units, use_bias }: { readonly units: number; readonly use_bias: boolean },
  resetAfter: boolean,
): Omit<RecurrentCell, 'activation' | 'recurrentActivation'> {
  const columns = kinds[kind].gates * units;
  const kernel = readWeight(layer, 'kernel', 2);
  const bias = use_bias ? readWeight(layer, 'bias', resetAfter ? 2 : 1) : undefined;
  return {
    kind,
    units,
    states: kinds[kind].states,
    resetAfter,
    kernel: sized(layer, 'kernel', kernel, [kernel.shape[0] as number, columns]),
    recurrentKernel: sized(layer, 'recurrent_kernel', readWeight(layer, 'recurrent_kernel', 2), [units, columns]),
    bias: bias && sized(layer, 'bias', bias, resetAfter ? [2, columns] : [columns]),
  };
}

/**
 * The layers of Keras 1 and 2 for one maker's GPUs: each gate's kernels are stored as the transposed matrix' elements in the
 * original's shape, and each gate has two biases (tf.keras `preprocess_weights_for_loading`).
 */
function readCudnn(layer: KerasLayer, kind: 'lstm' | 'gru'): RecurrentCell {
  const { units } = readConfig(layer, v.object({ units: common.units }));
  const { gates, states } = kinds[kind];
  const columns = gates * units;
  const kernel = readWeight(layer, 'kernel', 2);
  const recurrentKernel = sized(layer, 'recurrent_kernel', readWeight(layer, 'recurrent_kernel', 2), [units, columns]);
  const { data } = sized(layer, 'bias', readWeight(layer, 'bias', 1), [2 * columns]);
  const summed = Float32Array.from(
    { length: columns },
    (_, at) => (data[at] as number) + (data[columns + at] as number),
  );
  return {
    kind,
    units,
    states,
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
    resetAfter: kind === 'gru',
    kernel: untransposed(sized(layer, 'kernel', kernel, [kernel.shape[0] as number, columns]), gates),
    recurrentKernel: untransposed(recurrentKernel, gates),
    bias: kind === 'gru' ? makeTensor('FP32', [2, columns], data) : makeTensor('FP32', [columns], summed),
  };
}

function untransposed({ shape, data }: Tensor, gates: number): Tensor {
  const [rows = 0, columns = 0] = shape;
  const units = columns / gates;
  const result = new Float32Array(data.length);
  for (let gate = 0; gate < gates; gate++) {
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < units; unit++) {
        const at = unit * rows + row; // in the gate's own block, as if it were [units, rows]
        const from = Math.floor(at / units) * columns + gate * units + (at % units);
        result[row * columns + gate * units + unit] = data[from] as number;
      }
    }
  }
  return makeTensor('FP32', shape, result);
}

function sized(layer: KerasLayer, name: string, tensor: Tensor, shape: readonly number[]): Tensor {
  if (shape.every((size, axis) => size === tensor.shape[axis])) return tensor;
  throw refused(layer, `its weight '${name}' is [${tensor.shape}], where [${shape}] is expected`);
}
