import { describe, expect, test } from '@jest/globals';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';
import { constant, expectAgreement, input, integers, layer, list, model, numbers, result, use } from './agreement.js';

const query = numbers([2, 3, 4], 1);
const value = numbers([2, 5, 4], 2);
const key = numbers([2, 5, 4], 3);
const versions = ['3.15.1', '2.15.0'];

describe('Attention and AdditiveAttention', () => {
  const layers: readonly KerasLayer[] = [
    layer('Attention'),
    layer('Attention', { use_scale: true }, { scale: [] }),
    layer('Attention', { score_mode: 'concat' }, { concat_score_weight: [] }),
    layer('Attention', { score_mode: 'concat', use_scale: true }, { concat_score_weight: [], scale: [] }),
    layer('AdditiveAttention', { use_scale: false }),
    layer('AdditiveAttention', { use_scale: true }, { scale: [4] }),
  ];

  test.each(layers)('$className $config', async (used) => {
    for (const inputs of [
      [query, value],
      [query, value, key],
    ]) {
      const args = [list(...inputs.map((_, index) => input(index)))];
      await expectAgreement(model(inputs, [use(used, args)]), inputs);
      const causal = { use_causal_mask: constant(true), return_attention_scores: constant(true) };
      await expectAgreement(model(inputs, [use(used, args, causal)], { outputs: 2 }), inputs);
      // Steps of any number, also under a causal mask.
      const shapes = inputs.map(() => [-1, -1, 4]);
      await expectAgreement(model(inputs, [use(used, args, causal)], { shapes, outputs: 2 }), inputs);
    }
  });
});

test("a value's mask in files of Keras 3 that lay it along the wrong axis is refused", () => {
  const inputs = [query, value];
  const mask = integers([2, 5], [1, 1, 1, 0, 0, 1, 1, 0, 0, 0]);
  const attending = (kerasVersion: string, causal: boolean) => {
    const given = { mask: list(constant(null), input(2)), ...(causal ? { use_causal_mask: constant(true) } : {}) };
    const calls = [use(layer('Attention'), [list(input(0), input(1))], given)];
    return () => emitModel(model([...inputs, mask], calls, { kerasVersion }));
  };
  for (const version of ['3.0.5', '3.11.3']) {
    expect(attending(version, false)).toThrow("lays a value's mask along the wrong axis");
    expect(attending(version, true)).not.toThrow();
  }
  for (const version of ['2.15.0', '3.12.0']) expect(attending(version, false)).not.toThrow();
});

const multiHead = (config: Readonly<Record<string, unknown>>, sizes: { v?: number; out?: readonly number[] } = {}) => {
  const { v = 2, out = [4] } = sizes;
  const bias = config.use_bias !== false;
  return layer(
    'MultiHeadAttention',
    { num_heads: 3, key_dim: 2, value_dim: v, ...config },
    {
      'query/kernel': [4, 3, 2],
      'key/kernel': [4, 3, 2],
      'value/kernel': [4, 3, v],
      'attention_output/kernel': [3, v, ...out],
      ...(bias ? { 'query/bias': [3, 2], 'key/bias': [3, 2], 'value/bias': [3, v], 'attention_output/bias': out } : {}),
    },
  );
};

describe('MultiHeadAttention', () => {
  const positions = [input(0), input(1), input(2)];

  test.each<[string, KerasLayer]>([
    ['plain', multiHead({})],
    ['without biases', multiHead({ use_bias: false })],
    ['values of another size', multiHead({}, { v: 5 })],
    ['an output of two axes', multiHead({ output_shape: [2, 3] }, { out: [2, 3] })],
    ['dropout, which is off', multiHead({ dropout: 0.5 })],
    ['a sliding window', multiHead({ sliding_window: 2 })],
  ])('%s', async (_name, used) => {
    const inputs = [query, value, key];
    await expectAgreement(model(inputs, [use(used, positions)]), inputs);
    await expectAgreement(model([query, value], [use(used, [input(0), input(1)])]), [query, value]);
    const asked = { use_causal_mask: constant(true), return_attention_scores: constant(true) };
    await expectAgreement(model(inputs, [use(used, positions, asked)], { outputs: 2 }), inputs);
    const shapes = inputs.map(() => [-1, -1, 4]);
    await expectAgreement(model(inputs, [use(used, positions, asked)], { shapes, outputs: 2 }), inputs);
    const named = { query: input(0), value: input(1), key: input(2) };
    await expectAgreement(model(inputs, [use(used, [], named)]), inputs);
  });

  test.each(versions)('masks of Keras %s', async (kerasVersion) => {
    const ids = integers([2, 4], [1, 2, 0, 0, 3, 0, 1, 4]);
    const others = integers([2, 3], [0, 1, 2, 1, 1, 0]);
    const embedded = (of: number) =>
      use(layer('Embedding', { input_dim: 5, output_dim: 4, mask_zero: true }, { embeddings: [5, 4] }), [input(of)]);
    for (const used of [multiHead({}), multiHead({ dropout: 0.1 })]) {
      for (const kwargs of [{}, { use_causal_mask: constant(true) }]) {
        const self = [embedded(0), use(used, [result(0), result(0)], kwargs)];
        await expectAgreement(model([ids], self, { kerasVersion }), [ids]);
        const cross = [embedded(0), embedded(1), use(used, [result(0), result(1)], kwargs)];
        await expectAgreement(model([ids, others], cross, { kerasVersion }), [ids, others]);
      }
    }
  });

  test('takes the masks off its inputs since Keras 3.8, but not before', async () => {
    const ids = integers([2, 4], [1, 2, 0, 0, 3, 0, 1, 4]);
    const embedded = use(layer('Embedding', { input_dim: 5, output_dim: 4, mask_zero: true }, { embeddings: [5, 4] }));
    const used = multiHead({});
    // The sum has a mask where both its parts do; it is shown by attention over it.
    const sum = use(layer('Add'), [list(result(0), result(1))]);
    const causal = { use_causal_mask: constant(true) };
    const shown = use(layer('Attention'), [list(result(2), result(2))], causal);
    const calls = [embedded, use(used, [result(0), result(0)]), sum, shown];
    await expectAgreement(model([ids], calls), [ids]);
    const [now, before] = ['3.8.0', '3.7.0'].map((kerasVersion) => emitModel(model([ids], calls, { kerasVersion })));
    const ops = (graph: typeof now) =>
      graph?.nodes.filter(({ name }) => name.includes('a_attention')).map(({ op }) => op);
    expect(ops(now)).not.toContain('LogicalAnd');
    expect(ops(before)).toContain('LogicalAnd');
  });

  test('queries that may see nothing, in all versions', async () => {
    const ids = integers([2, 4], [1, 2, 0, 0, 3, 0, 1, 4]);
    const embedded = use(layer('Embedding', { input_dim: 5, output_dim: 4, mask_zero: true }, { embeddings: [5, 4] }));
    const attending = (dropout: number, kerasVersion: string) =>
      model([ids], [embedded, use(multiHead({ dropout }), [result(0), result(0)])], { kerasVersion });
    // 0 and all the same are what there is; which of them when is in the layer's history.
    const same = [0.1, '3.9.2', 0, '3.9.2', 0, '3.6.0', 0.1, '3.0.0'] as const;
    for (let i = 0; i < same.length; i += 2) {
      const described = attending(same[i] as number, same[i + 1] as string);
      await expectAgreement(described, [ids], 2e-6, attending(0, '2.15.0'));
    }
    await expectAgreement(attending(0.1, '3.10.0'), [ids], 2e-6, attending(0.1, '3.15.1'));
    await expectAgreement(attending(0, '3.10.0'), [ids], 2e-6, attending(0, '3.15.1'));
  });

  test.each(versions)('a given mask, Keras %s', async (kerasVersion) => {
    const mask = integers(
      [2, 3, 5],
      Array.from({ length: 30 }, (_, index) => Number(index % 3 !== 0 || index < 3)),
    );
    const calls = [use(multiHead({}), [input(0), input(1)], { attention_mask: input(2) })];
    await expectAgreement(model([query, value, mask], calls, { kerasVersion }), [query, value, mask]);
  });

  test.each([[[1]], [[2]], [[1, 2]], [[-2]]])('over axes %j of images', async (attention_axes) => {
    const image = numbers([2, 3, 2, 4], 5);
    const used = multiHead({ attention_axes });
    const asked = { return_attention_scores: constant(true) };
    await expectAgreement(model([image], [use(used, [input(0), input(0)], asked)], { outputs: 2 }), [image]);
  });

  test('refuses a layer without its weights', () => {
    const used = layer('MultiHeadAttention', { num_heads: 3, key_dim: 2 }, { 'query/kernel': [4, 3, 2] });
    expect(() => emitModel(model([query], [use(used, [input(0), input(0)])]))).toThrow(
      /weight 'query\/bias' is missing/,
    );
  });
});

test.each([true, false])('GroupQueryAttention, biases %j', async (use_bias) => {
  const used = layer(
    'GroupQueryAttention',
    { head_dim: 3, num_query_heads: 4, num_key_value_heads: 2, use_bias },
    {
      'query/kernel': [4, 4, 3],
      'key/kernel': [4, 2, 3],
      'value/kernel': [4, 2, 3],
      'attention_output/kernel': [4, 3, 4],
      ...(use_bias
        ? { 'query/bias': [4, 3], 'key/bias': [2, 3], 'value/bias': [2, 3], 'attention_output/bias': [4] }
        : {}),
    },
  );
  for (const kwargs of [{}, { use_causal_mask: constant(true) }, { return_attention_scores: constant(true) }]) {
    const calls = [use(used, [input(0), input(1)], kwargs)];
    const described = model([query, value], calls, { outputs: 'return_attention_scores' in kwargs ? 2 : 1 });
    await expectAgreement(described, [query, value]);
    const shapes = [query, value].map(() => [-1, -1, 4]);
    await expectAgreement(model([query, value], calls, { shapes }), [query, value]);
  }
});
