import { describe, expect, test } from '@jest/globals';
import { ModeletError } from '../../../lib/core/errors.js';
import { makeTensor } from '../../../lib/core/tensor.js';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';
import { callLayer, constant, layerOf, list, nd, value } from './call-layer.js';

type Given = Parameters<typeof callLayer>[1];

const junk = [null, 'text', -1, 0, 1.5, 1e12, Number.NaN, true, [], [0], [-1, 1e9], [['1']], {}, { class_name: 3 }];
const steps = nd([
  [
    [1, 2],
    [3, 4],
  ],
]);
const zeros = (...shape: number[]): never[] =>
  shape.reduceRight<unknown>((inner, size) => Array(size).fill(inner), 0) as never[];
const states = { return_sequences: true, return_state: true, go_backwards: false, zero_output_for_mask: false };
const recurrent = { units: 1, activation: 'tanh', use_bias: true, ...states };
const lstm = layerOf(
  'LSTM',
  { ...recurrent, recurrent_activation: 'sigmoid' },
  { kernel: zeros(2, 4), recurrent_kernel: zeros(1, 4), bias: zeros(4) },
);
const heads = {
  'query/kernel': zeros(2, 1, 2),
  'query/bias': zeros(1, 2),
  'key/kernel': zeros(2, 1, 2),
  'key/bias': zeros(1, 2),
  'value/kernel': zeros(2, 1, 2),
  'value/bias': zeros(1, 2),
  'attention_output/kernel': zeros(1, 2, 2),
  'attention_output/bias': zeros(2),
};
const one: Given = { args: [value({ ...steps, mask: nd([[1, 0]]) })] };
const two: Given = { args: [list(steps, steps)] };
const selfAttention: Given = {
  args: [value(steps)],
  kwargs: {
    value: value(steps),
    use_causal_mask: constant(true),
    attention_mask: value(
      nd([
        [
          [1, 1],
          [1, 1],
        ],
      ]),
    ),
  },
};

const cases: readonly (readonly [KerasLayer, Given])[] = [
  [layerOf('SimpleRNN', recurrent, { kernel: zeros(2, 1), recurrent_kernel: zeros(1, 1), bias: zeros(1) }), one],
  [
    layerOf(
      'GRU',
      { ...recurrent, recurrent_activation: 'sigmoid', reset_after: true },
      { kernel: zeros(2, 3), recurrent_kernel: zeros(1, 3), bias: zeros(2, 3) },
    ),
    one,
  ],
  [lstm, one],
  [
    layerOf(
      'ConvLSTM1D',
      {
        ...states,
        filters: 1,
        kernel_size: [1],
        strides: [1],
        padding: 'same',
        dilation_rate: [1],
        data_format: 'channels_last',
        use_bias: true,
        activation: 'tanh',
        recurrent_activation: 'sigmoid',
      },
      { kernel: zeros(1, 2, 4), recurrent_kernel: zeros(1, 1, 4), bias: zeros(4) },
    ),
    { args: [value(nd([[[[1, 2]], [[3, 4]]]]))] },
  ],
  [layerOf('Bidirectional', { merge_mode: 'sum' }, {}, { forward: lstm, backward: lstm }), one],
  [layerOf('TimeDistributed', {}, {}, { layer: layerOf('Activation', { activation: 'relu' }) }), one],
  [layerOf('Attention', { use_scale: true, score_mode: 'dot', causal: false }, { scale: 1 }), two],
  [layerOf('AdditiveAttention', { use_scale: true }, { scale: [1, 1] }), two],
  [
    layerOf(
      'MultiHeadAttention',
      {
        num_heads: 1,
        key_dim: 2,
        value_dim: 2,
        use_bias: true,
        dropout: 0,
        output_shape: [2],
        attention_axes: [1],
        sliding_window: 2,
        use_gate: false,
      },
      heads,
    ),
    selfAttention,
  ],
  [
    layerOf(
      'GroupQueryAttention',
      { num_query_heads: 1, num_key_value_heads: 1, head_dim: 2, use_bias: true, dropout: 0 },
      heads,
    ),
    selfAttention,
  ],
  [layerOf('Concatenate', { axis: -1 }), two],
  [layerOf('Dot', { axes: [1, 2], normalize: true }), two],
  [layerOf('Embedding', { input_dim: 5, output_dim: 1, mask_zero: true }, { embeddings: zeros(5, 1) }), one],
  [layerOf('Masking', { mask_value: 0 }), one],
];

/** Runs a layer, and takes an error that tells the caller what is wrong and what to do; any other breaks the test. */
function refusal(layer: KerasLayer, given: Given): string | undefined {
  try {
    callLayer(layer, given);
    return undefined;
  } catch (error) {
    if (error instanceof ModeletError && error.code === 'INVALID_INPUT' && error.message.includes('; '))
      return error.message;
    throw error;
  }
}

describe('settings and weights that Keras never writes', () => {
  test.each(cases.map(([layer, given]) => [layer.className, layer, given] as const))('%s', (_, layer, given) => {
    expect(refusal(layer, given)).toBeUndefined();
    for (const field of Object.keys(layer.config)) {
      for (const odd of junk) refusal({ ...layer, config: { ...layer.config, [field]: odd } }, given);
      const { [field]: _left, ...config } = layer.config;
      refusal({ ...layer, config }, given);
    }
    for (const name of Object.keys(given.kwargs ?? {})) {
      for (const odd of junk) refusal(layer, { ...given, kwargs: { ...given.kwargs, [name]: constant(odd) } });
    }
    for (const [name, weight] of layer.weights) {
      const wrong = makeTensor('FP32', [1, ...weight.shape, 1], Float32Array.from(weight.data));
      const without = new Map([...layer.weights].filter(([other]) => other !== name));
      for (const weights of [without, new Map([...layer.weights, [name, wrong]])]) {
        expect(refusal({ ...layer, weights }, given)).toMatch(new RegExp(`layer 'layer': its ${name} `));
      }
    }
    for (const odd of [nd(1), nd([1]), nd([[[[[[1]]]]]])]) refusal(layer, { ...given, args: [value(odd)] });
    refusal(layer, { ...given, args: [] });
    refusal({ ...layer, children: new Map() }, given);
  });
});
