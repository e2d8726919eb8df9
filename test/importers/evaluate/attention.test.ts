import { describe, expect, test } from '@jest/globals';
import { callLayer, constant, layerOf, list, nd, rounded, value } from './call-layer.js';

const yes = constant(true);
const query = nd([[[0], [0]]]);
const values = nd([[[1], [5]]]);

describe('Attention and AdditiveAttention', () => {
  test('equal scores give the mean; scores come second where they are asked for', () => {
    const layer = layerOf('Attention', { use_scale: false, score_mode: 'dot' });
    const [output, scores] = callLayer(layer, {
      args: [list(query, values)],
      kwargs: { return_attention_scores: yes },
    });
    expect([rounded(output), rounded(scores), scores?.shape]).toEqual([
      [3, 3],
      [0.5, 0.5, 0.5, 0.5],
      [1, 2, 2],
    ]);
  });

  test('the scores are products with the key, times the scale', () => {
    // Scores 2 · ln 3 · 1 and 0: weights 9/10 and 1/10.
    const layer = layerOf('Attention', { use_scale: true, score_mode: 'dot' }, { scale: 2 });
    const given = list(nd([[[Math.log(3)]]]), nd([[[10], [20]]]), nd([[[1], [0]]]));
    expect(rounded(callLayer(layer, { args: [given] })[0], 4)).toEqual([11]);
  });

  test('score_mode concat and the additive layer sum tanh of query + key', () => {
    const given = { args: [list(nd([[[1]]]), nd([[[10], [20]]]), nd([[[0], [-1]]]))] };
    const weight = Math.exp(3 * Math.tanh(1)) / (1 + Math.exp(3 * Math.tanh(1)));
    const concat = layerOf('Attention', { score_mode: 'concat' }, { concat_score_weight: 3 });
    const additive = layerOf('AdditiveAttention', { use_scale: true }, { scale: [3] });
    for (const layer of [concat, additive]) {
      expect(callLayer(layer, given)[0]?.data[0]).toBeCloseTo(10 * weight + 20 * (1 - weight), 6);
    }
  });

  test('what is masked has no weight, a masked query is 0; where all are masked the weights are even', () => {
    const layer = layerOf('Attention', {});
    const masked = { args: [list({ ...query, mask: nd([[1, 0]]) }, { ...values, mask: nd([[0, 1]]) })] };
    const [output] = callLayer(layer, masked);
    expect([rounded(output), rounded(output?.mask)]).toEqual([
      [5, 0],
      [1, 0],
    ]);
    const given = { args: masked.args, kwargs: { mask: list(nd([[1, 1]]), nd([[0, 0]])) } };
    expect(rounded(callLayer(layer, given)[0])).toEqual([3, 3]);
    // Keras 3.0 loses the masks of a list behind the layer.
    expect(callLayer(layer, { ...masked, keras: '3.0.5' })[0]?.mask).toBeUndefined();
  });

  test('use_causal_mask, or the setting of older files, hides what comes later', () => {
    const given = { args: [list(query, values)] };
    const causal = { ...given, kwargs: { use_causal_mask: yes } };
    expect(rounded(callLayer(layerOf('Attention', {}), causal)[0])).toEqual([1, 3]);
    expect(rounded(callLayer(layerOf('Attention', { causal: true }), { ...given, keras: '2.9.0' })[0])).toEqual([1, 3]);
  });
});

describe('MultiHeadAttention', () => {
  // One head of one number: query and key are 0 for even weights, or as they come; the value and the output are as they come.
  const config = { num_heads: 1, key_dim: 1, use_bias: false };
  const weights = (query: number) => ({
    'query/kernel': [[[query]]],
    'key/kernel': [[[1]]],
    'value/kernel': [[[1]]],
    'attention_output/kernel': [[[1]]],
  });
  const even = layerOf('MultiHeadAttention', config, weights(0));
  const two = { args: [value(values)], kwargs: { value: value(values) } };

  test('softmax(q · kᵀ / √key_dim) · v', () => {
    // Scores of the query 5: 5 · 1 and 5 · 5.
    const layer = layerOf('MultiHeadAttention', config, weights(Math.log(3) / 20));
    const weight = 1 / (1 + 3 ** (20 / 20));
    expect(callLayer(layer, two)[0]?.data[1]).toBeCloseTo(weight * 1 + (1 - weight) * 5, 6);
  });

  test('masks come by argument, with the inputs and from use_causal_mask', () => {
    const mask = value(
      nd([
        [
          [1, 0],
          [1, 1],
        ],
      ]),
    );
    expect(rounded(callLayer(even, { ...two, kwargs: { ...two.kwargs, attention_mask: mask } })[0])).toEqual([1, 3]);
    expect(rounded(callLayer(even, { ...two, kwargs: { ...two.kwargs, use_causal_mask: yes } })[0])).toEqual([1, 3]);
    const masked = { ...values, mask: nd([[1, 0]]) };
    const [output] = callLayer(even, { args: [value(values)], kwargs: { value: value(masked) } });
    expect([rounded(output), output?.mask]).toEqual([[1, 1], undefined]);
  });

  test('since Keras 3.8 the masks are taken off the inputs; the query’s goes on', () => {
    for (const [keras, left] of [
      ['3.15.1', undefined],
      ['3.7.0', [1, 0]],
      ['2.15.0', [1, 0]],
    ] as const) {
      const masked = { ...values, mask: nd([[1, 0]]) };
      const [output] = callLayer(even, { args: [value(masked)], kwargs: { value: value(masked) }, keras });
      expect(rounded(output?.mask)).toEqual([1, 0]);
      expect(masked.mask && rounded(masked.mask)).toEqual(left);
    }
  });

  test('a query of which all is masked sees all evenly, or nothing where Keras uses its Softmax layer', () => {
    const nothing = value(
      nd([
        [
          [0, 0],
          [1, 0],
        ],
      ]),
    );
    const kwargs = { value: value(values), attention_mask: nothing };
    const asked = { ...kwargs, return_attention_scores: yes };
    const run = (keras: string, named: typeof kwargs) =>
      rounded(callLayer(even, { args: [value(values)], kwargs: named, keras })[0]);
    expect([run('3.15.1', kwargs), run('3.15.1', asked)]).toEqual([
      [3, 1],
      [0, 1],
    ]);
    expect([run('3.6.0', asked), run('2.15.0', kwargs)]).toEqual([
      [3, 1],
      [3, 1],
    ]);
    const dropping = layerOf('MultiHeadAttention', { ...config, dropout: 0.1 }, weights(0));
    expect(rounded(callLayer(dropping, { args: [value(values)], kwargs })[0])).toEqual([0, 1]);
  });

  test('attends along the axes it is told, each for itself', () => {
    const x = nd([
      [
        [[1], [5]],
        [[3], [7]],
      ],
    ]);
    const along = (attention_axes: unknown) => {
      const layer = layerOf('MultiHeadAttention', { ...config, attention_axes }, weights(0));
      return rounded(callLayer(layer, { args: [value(x), value(x)] })[0]);
    };
    expect([along([1]), along([2]), along(null)]).toEqual([
      [2, 6, 2, 6],
      [3, 3, 5, 5],
      [4, 4, 4, 4],
    ]);
    expect(() => along([3])).toThrow(/attention_axes is an array of 1; it must be axes between batch and features/);
  });

  test('a window and a gate', () => {
    const window = layerOf('MultiHeadAttention', { ...config, sliding_window: 1 }, weights(0));
    expect(rounded(callLayer(window, two)[0])).toEqual([1, 5]);
    const gated = layerOf(
      'MultiHeadAttention',
      { ...config, use_gate: true },
      { ...weights(0), 'gate/kernel': [[[0]]] },
    );
    expect(rounded(callLayer(gated, two)[0])).toEqual([1.5, 1.5]);
  });

  test('heads of queries share those of keys and values in groups', () => {
    const layer = layerOf(
      'GroupQueryAttention',
      { num_query_heads: 2, num_key_value_heads: 1, head_dim: 1, use_bias: false },
      {
        'query/kernel': [[[0], [0]]],
        'key/kernel': [[[1]]],
        'value/kernel': [[[1]]],
        'attention_output/kernel': [[[1]], [[10]]],
      },
    );
    const [output, scores] = callLayer(layer, { ...two, kwargs: { ...two.kwargs, return_attention_scores: yes } });
    expect([rounded(output), scores?.shape]).toEqual([
      [33, 33],
      [1, 2, 2, 2],
    ]);
  });

  test.each([
    [{}, { kwargs: {} }, /takes query and value; connect them/],
    [{ num_heads: 0 }, {}, /num_heads is a number; it must be a whole number from 1 up/],
    [{ key_dim: 2 }, {}, /its query\/kernel has shape \[1, 1, 1\]; it must be \[1, 1, 2\]/],
    [{ output_shape: 'wide' }, {}, /output_shape is .*; it must be/],
    [{ use_bias: true }, {}, /its query\/bias is missing/],
    [{}, { kwargs: { value: value(nd([[1, 5]])) } }, /is given \[1, 2, 1\], \[1, 2\], \[1, 2\]; make query, value/],
    [
      {},
      { kwargs: { value: value(values), attention_mask: value(nd([[[1, 0, 1]]])) } },
      /can't combine|attention_mask/,
    ],
  ])('%j is refused by name', (change, given, message) => {
    const layer = layerOf('MultiHeadAttention', { ...config, ...change }, weights(0));
    const run = () => callLayer(layer, { ...two, ...given });
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(run).toThrow(message);
  });
});
