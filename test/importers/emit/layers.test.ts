import { describe, expect, test } from '@jest/globals';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import { runGraph } from '../run-graph.js';
import { constant, expectAgreement, input, integers, layer, list, model, numbers, result, use } from './agreement.js';

const x = numbers([2, 5, 4], 1, 3);

describe('activation layers', () => {
  test.each<[string, Record<string, unknown>, Record<string, readonly number[]>?]>([
    ['ReLU', { max_value: 1.5, negative_slope: 0.2, threshold: 0.1 }],
    ['LeakyReLU', { negative_slope: 0.3 }],
    ['ELU', { alpha: 0.7 }],
    ['ThresholdedReLU', { theta: 0.5 }],
    ['PReLU', { shared_axes: null }, { alpha: [5, 4] }],
    ['PReLU', { shared_axes: [1] }, { alpha: [1, 4] }],
    ['PReLU', { shared_axes: [2] }, { alpha: [5, 1] }],
    ['Softmax', { axis: -1 }],
    ['Softmax', { axis: 1 }],
    ['Softmax', { axis: [1, 2] }],
    ['Softmax', { axis: [-1] }],
  ])('%s %j', async (className, config, weights = {}) => {
    await expectAgreement(model([x], [use(layer(className, config, weights))]), [x]);
  });

  test.each(['3.15.1', '2.15.0'])('a masked softmax of Keras %s', async (kerasVersion) => {
    const mask = numbers([2, 5, 4], 9);
    const calls = [
      use(layer('op:greater'), [input(1), constant(0)]),
      use(layer('Softmax', { axis: -1 }), [input(0)], { mask: result(0) }),
    ];
    await expectAgreement(model([x, mask], calls, { kerasVersion }), [x, mask]);
  });
});

describe('reshaping', () => {
  test.each<[string, Record<string, unknown>]>([
    ['Reshape', { target_shape: [20] }],
    ['Reshape', { target_shape: [2, -1] }],
    ['Reshape', { target_shape: [-1, 2, 2] }],
    ['Flatten', { data_format: 'channels_last' }],
    ['Flatten', { data_format: 'channels_first' }],
    ['Permute', { dims: [2, 1] }],
    ['Permute', { dims: [1, 2] }],
  ])('%s %j', async (className, config) => {
    const calls = [use(layer(className, config))];
    await expectAgreement(model([x], calls), [x], 0);
    // With a time axis that is known at the request only.
    await expectAgreement(model([x], calls, { shapes: [[-1, -1, 4]] }), [x], 0);
  });

  test('RepeatVector', async () => {
    const rows = numbers([2, 3]);
    await expectAgreement(model([rows], [use(layer('RepeatVector', { n: 4 }))]), [rows], 0);
  });

  test('refuses what does not fit', () => {
    expect(() => emitModel(model([x], [use(layer('Reshape', { target_shape: [3, -1] }))]))).toThrow(/can't become/);
    expect(() => emitModel(model([x], [use(layer('Permute', { dims: [1, 3] }))]))).toThrow(/dims \[1,3\]/);
  });

  test('never lets examples run into each other', async () => {
    const described = model([x], [use(layer('Reshape', { target_shape: [10] }))], { shapes: [[-1, -1, 4]] });
    await expect(expectAgreement(described, [x])).rejects.toThrow();
  });
});

describe('identities', () => {
  test.each(['Dropout', 'GaussianNoise', 'ActivityRegularization', 'Identity', 'SpatialDropout1D', 'AlphaDropout'])(
    '%s',
    async (className) => {
      await expectAgreement(model([x], [use(layer(className, { rate: 0.5, stddev: 1 }))]), [x], 0);
    },
  );

  test('RandomCrop is refused where its version might resize', () => {
    const image = numbers([1, 4, 4, 3]);
    const crop = (height: number) =>
      model([image], [use(layer('RandomCrop', { height, width: 4 }))], { kerasVersion: '3.3.0' });
    expect(emitModel(crop(4)).nodes).toHaveLength(2);
    expect(() => emitModel(crop(3))).toThrow(/may resize here or not/);
  });
});

describe('embedding and masking', () => {
  const ids = integers([2, 3], [1, 0, 4, 2, 2, 0]);
  const table = { embeddings: [5, 4] };

  test('Embedding takes integers as such or as float32', async () => {
    const calls = [use(layer('Embedding', { input_dim: 5, output_dim: 4, mask_zero: false }, table))];
    await expectAgreement(model([ids], calls), [ids], 0);
    const floats = numbers([2, 3]);
    floats.data.set([1, 0.9, 4, 2, 2, 0]);
    await expectAgreement(model([floats], calls), [floats], 0);
  });

  test('Masking sets masked steps to 0', async () => {
    const steps = numbers([2, 3, 2]);
    steps.data.set([7, 7, 7, 1], 4);
    await expectAgreement(model([steps], [use(layer('Masking', { mask_value: 7 }))]), [steps], 0);
    steps.data.set([0, 0], 2);
    await expectAgreement(model([steps], [use(layer('Masking', {}))]), [steps], 0);
  });

  test.each(['3.15.1', '2.15.0'])('masks go where Keras %s lets them', async (kerasVersion) => {
    // A layer that shows the mask: masked keys don't count.
    const shown = (...between: ReturnType<typeof use>[]) => [
      use(layer('Embedding', { input_dim: 5, output_dim: 4, mask_zero: true }, table)),
      ...between,
      use(layer('Attention'), [list(result(between.length), result(between.length))]),
    ];
    for (const className of ['Dropout', 'Activation', 'Permute', 'Flatten']) {
      const config = className === 'Permute' ? { dims: [1, 2] } : { activation: 'tanh' };
      const calls = className === 'Flatten' ? shown() : shown(use(layer(className, config), [result(0)]));
      await expectAgreement(model([ids], calls, { kerasVersion }), [ids]);
    }
  });
});

describe('merges', () => {
  const y = numbers([2, 5, 4], 2, 3);
  const z = numbers([2, 5, 1], 3, 3);
  const row = numbers([2, 4], 4, 3);
  const plain = ['Add', 'Multiply', 'Average', 'Maximum', 'Minimum'];

  test.each([...plain, 'Subtract'])('%s of two', async (className) => {
    for (const other of [y, z, row]) {
      const calls = [use(layer(className), [list(input(0), input(1))])];
      await expectAgreement(model([x, other], calls), [x, other]);
    }
  });

  test.each(plain)('%s of three', async (className) => {
    const calls = [use(layer(className), [list(input(0), input(1), input(2))])];
    await expectAgreement(model([x, z, y], calls), [x, z, y]);
  });

  test('refuses functions which HDF5 files of Keras 3 name as layers', () => {
    for (const args of [[input(0), input(1)], [input(0), constant(2)], [input(0)]]) {
      expect(() => emitModel(model([x, y], [use(layer('Average', { axis: 1 }), args)]))).toThrow(
        /takes one list of inputs/,
      );
    }
  });

  test.each([[-1], [1], [2]])('Concatenate along axis %d', async (axis) => {
    const calls = [use(layer('Concatenate', { axis }), [list(input(0), input(1))])];
    await expectAgreement(model([x, y], calls), [x, y], 0);
    await expectAgreement(
      model([x, y], calls, {
        shapes: [
          [-1, -1, 4],
          [-1, -1, 4],
        ],
      }),
      [x, y],
      0,
    );
  });

  test.each([
    [[2, 5, 4], [2, 5, 4], 1],
    [
      [2, 5, 4],
      [2, 5, 4],
      [2, 2],
    ],
    [[2, 5, 4], [2, 3, 4], -1],
    [
      [2, 5, 4],
      [2, 4, 3],
      [2, 1],
    ],
    [[2, 4], [2, 4], 1],
    [
      [2, 4],
      [2, 5, 4],
      [1, 2],
    ],
    [[2, 5, 4], [2, 5], 1],
    [
      [2, 3, 5, 4],
      [2, 4, 2, 3],
      [3, 1],
    ],
  ])('Dot of %j and %j over %j', async (left, right, axes) => {
    const [a, b] = [numbers(left, 5), numbers(right, 6)];
    for (const normalize of [false, true]) {
      const calls = [use(layer('Dot', { axes, normalize }), [list(input(0), input(1))])];
      await expectAgreement(model([a, b], calls), [a, b]);
      await expectAgreement(model([a, b], calls, { kerasVersion: '2.15.0' }), [a, b]);
    }
  });
});

describe('merges of masked values', () => {
  const ids = integers([2, 3], [1, 0, 4, 2, 2, 0]);
  const others = integers([2, 3], [0, 0, 4, 2, 0, 3]);
  const embedded = (of: number, mask_zero = true) =>
    use(layer(`Embedding`, { input_dim: 5, output_dim: 4, mask_zero }, { embeddings: [5, 4] }), [input(of)]);
  const attended = use(layer('Attention'), [list(result(2), result(2))]);

  test.each(['3.15.1', '2.15.0'])('of Keras %s', async (kerasVersion) => {
    for (const className of ['Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Subtract', 'Concatenate']) {
      for (const masked of [true, false]) {
        const merged = use(layer(className, { axis: -1 }), [list(result(0), result(1))]);
        const calls = [embedded(0), embedded(1, masked), merged];
        await expectAgreement(model([ids, others], calls, { kerasVersion }), [ids, others]);
        await expectAgreement(model([ids, others], [...calls, attended], { kerasVersion }), [ids, others], 1e-5);
      }
    }
  });

  test('Keras 3.0 to 3.3 lose them there', async () => {
    const mean = use(layer('GlobalAveragePooling1D'), [result(2)]);
    for (const className of ['Add', 'Multiply', 'Maximum', 'Concatenate']) {
      const merged = use(layer(className, { axis: -1 }), [list(result(0), result(1))]);
      const described = (kerasVersion: string) =>
        model([ids, others], [embedded(0), embedded(1), merged, mean], { kerasVersion });
      await expectAgreement(described('3.3.3'), [ids, others]);
      await expectAgreement(described('3.4.0'), [ids, others], 1e-5, described('3.15.1'));
    }
  });

  test.each(['3.15.1', '2.15.0'])('along the time axis, Keras %s', async (kerasVersion) => {
    const merged = use(layer('Concatenate', { axis: 1 }), [list(result(0), result(1))]);
    const calls = [embedded(0), embedded(1), merged, attended];
    // Keras 2 can't join masks of inputs without one.
    if (kerasVersion.startsWith('3')) {
      const half = [embedded(0), embedded(1, false), merged, attended];
      await expectAgreement(model([ids, others], half, { kerasVersion }), [ids, others]);
      const shapes = [ids, others].map(() => [-1, -1]);
      await expectAgreement(model([ids, others], half, { kerasVersion, shapes }), [ids, others]);
    }
    await expectAgreement(model([ids, others], calls, { kerasVersion }), [ids, others]);
  });
});

describe('EinsumDense', () => {
  test.each([
    ['abc,cd->abd', [5, 4], [4, 3], [3], 'd'],
    ['abc,cde->abde', [5, 4], [4, 2, 3], [2, 3], 'de'],
    ['abc,cde->abde', [5, 4], [4, 2, 3], [3], 'e'],
    ['abcd,cde->abe', [5, 4, 3], [4, 3, 6], [6], 'e'],
    ['abcd,cd->ab', [5, 4, 3], [4, 3], undefined, null],
    ['ab,bc->ac', [4], [4, 3], [3], 'c'],
    ['...x,xy->...y', [5, 4], [4, 3], [3], 'y'],
    ['ab...,bc->ac...', [4, 5], [4, 3], [3, 1], 'c'],
    ['abc,bd->adc', [5, 4], [5, 3], [3, 4], 'dc'],
    ['abc,bcd->abd', [5, 4], [5, 4, 3], [5, 3], 'bd'],
    ['abc,dc->abd', [5, 4], [3, 4], [3], 'd'],
    ['abcd,ced->abce', [5, 4, 3], [4, 2, 3], [4, 2], 'ce'],
  ])('%s', async (equation, example, kernel, bias, bias_axes) => {
    const value = numbers([2, ...example], 8);
    const weights = bias === undefined ? { kernel } : { kernel, bias };
    const used = layer('EinsumDense', { equation, bias_axes, activation: 'tanh', output_shape: null }, weights);
    await expectAgreement(model([value], [use(used)]), [value]);
  });

  test('over a time axis of any length', async () => {
    const config = { equation: 'abc,cde->abde', bias_axes: 'de', activation: 'relu' };
    const used = layer('EinsumDense', config, { kernel: [4, 2, 3], bias: [2, 3] });
    await expectAgreement(model([x], [use(used)], { shapes: [[-1, -1, 4]] }), [x]);
  });
});

describe('encodings', () => {
  const ids = integers([2, 3], [1, 0, 2, 3, 3, 0]);
  const single = integers([2, 1], [1, 3]);

  test.each(['one_hot', 'multi_hot', 'count'])('CategoryEncoding %s', async (output_mode) => {
    for (const value of [ids, single]) {
      const calls = [use(layer('CategoryEncoding', { num_tokens: 4, output_mode }))];
      await expectAgreement(model([value], calls), [value], 0);
    }
  });

  test('CategoryEncoding with weights', async () => {
    const weights = numbers([2, 3]);
    weights.data.set([0.5, 2, 3, 1, 4, 7]);
    const used = layer('CategoryEncoding', { num_tokens: 4, output_mode: 'count' });
    const graph = emitModel(model([ids, weights], [use(used, [input(0)], { count_weights: input(1) })]));
    const [output] = await runGraph(graph, [ids, weights], 'wasm');
    expect(output).toMatchObject({ shape: [2, 4], data: Float32Array.of(2, 0.5, 3, 0, 7, 0, 0, 5) });
  });

  test.each(['int', 'one_hot', 'multi_hot', 'count'])('Discretization %s', async (output_mode) => {
    const value = numbers([2, 3]);
    value.data.set([-0.5, 0.25, 0.24, 1, 2]);
    const used = layer('Discretization', { bin_boundaries: [-0.5, 0.25, 1], output_mode });
    await expectAgreement(model([value], [use(used)]), [value], 0);
  });

  test.each<[Record<string, unknown>]>([
    [{}],
    [{ mask_token: 0 }],
    [{ output_mode: 'one_hot' }],
    [{ output_mode: 'multi_hot' }],
    [{ output_mode: 'count', max_tokens: 6, pad_to_max_tokens: true }],
  ])('IntegerLookup %j', async (config) => {
    const tokens = integers([2, 3], [7, 0, 5, 9, 7, 100]);
    const settings = { vocabulary: [5, 7, 9], num_oov_indices: 1, mask_token: null, output_mode: 'int', invert: false };
    await expectAgreement(model([tokens], [use(layer('IntegerLookup', { ...settings, ...config }))]), [tokens], 0);
  });
});
