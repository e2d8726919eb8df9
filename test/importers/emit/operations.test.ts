import { describe, expect, test } from '@jest/globals';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import type { Argument } from '../../../lib/importers/keras/keras-model.js';
import { constant, expectAgreement, input, integers, layer, list, model, numbers, result, use } from './agreement.js';

const x = numbers([2, 3, 4], 1, 2);
const y = numbers([2, 3, 4], 2, 2);
const positive = numbers([2, 3, 4], 3);
positive.data.forEach((value, index) => {
  positive.data[index] = Math.abs(value) * 0.8 + 0.1;
});

/** A function's call; settings in the configuration as of Keras 3, or by name as of Keras 2. */
const called = (
  name: string,
  args: readonly Argument[],
  config: Record<string, unknown> = {},
  kwargs: Record<string, Argument> = {},
) => use(layer(`op:${name}`, config), args, kwargs);

describe('elementwise functions', () => {
  test.each([
    'add',
    'subtract',
    'multiply',
    'divide',
    'true_divide',
    'truediv',
    'maximum',
    'minimum',
    'squared_difference',
    'equal',
    'not_equal',
    'less',
    'less_equal',
    'greater',
    'greater_equal',
    'divide_no_nan',
    'mod',
    'floormod',
    'floor_divide',
    'floordiv',
  ])('%s', async (name) => {
    await expectAgreement(model([x, y], [called(name, [input(0), input(1)])]), [x, y], 1e-5);
    await expectAgreement(model([x], [called(name, [input(0), constant(0.5)])]), [x], 1e-5);
    await expectAgreement(model([x], [called(name, [constant(2), input(0)])]), [x], 1e-5);
    // TensorFlow's second operand by its name.
    await expectAgreement(model([x, y], [called(name, [input(0)], {}, { y: input(1) })]), [x, y], 1e-5);
  });

  test('of integers', async () => {
    const a = integers([2, 3], [1, -7, 5, 0, 3, -2]);
    const b = integers([2, 3], [2, 2, -3, 4, 3, 5]);
    for (const name of [
      'add',
      'subtract',
      'multiply',
      'true_divide',
      'mod',
      'floor_divide',
      'maximum',
      'equal',
      'less',
    ]) {
      await expectAgreement(model([a, b], [called(name, [input(0), input(1)])]), [a, b]);
      await expectAgreement(model([a], [called(name, [input(0), constant(2)])]), [a]);
      await expectAgreement(model([a], [called(name, [input(0), constant(0.5)])]), [a]);
    }
  });

  test.each([
    'abs',
    'absolute',
    'negative',
    'square',
    'sign',
    'exp',
    'expm1',
    'floor',
    'ceil',
    'round',
    'sin',
    'cos',
    'tan',
    'arctan',
    'sinh',
    'cosh',
    'arcsinh',
    'erf',
    'relu',
    'relu6',
    'sigmoid',
    'tanh',
    'silu',
    'softplus',
    'softsign',
    'elu',
    'selu',
    'leaky_relu',
    'hard_sigmoid',
    'hard_silu',
    'log_sigmoid',
    'gelu',
    'softmax',
    'log_softmax',
    'celu',
    'mish',
  ])('%s', async (name) => {
    await expectAgreement(model([x], [called(name, [input(0)])]), [x], 1e-5);
  });

  test.each(['log', 'log1p', 'log2', 'log10', 'sqrt', 'rsqrt', 'reciprocal', 'arcsin', 'arccos', 'arctanh'])(
    '%s of positive numbers',
    async (name) => {
      await expectAgreement(model([positive], [called(name, [input(0)])]), [positive], 1e-5);
    },
  );

  test('power', async () => {
    await expectAgreement(model([x], [called('power', [input(0), constant(2)])]), [x], 1e-5);
    await expectAgreement(model([positive, x], [called('pow', [input(0), input(1)])]), [positive, x], 1e-5);
  });

  test('sign does not take small numbers for 0', async () => {
    const small = numbers([1, 4]);
    small.data.set([1e-9, -1e-9, 0, 2]);
    await expectAgreement(model([small], [called('sign', [input(0)])]), [small], 0);
  });

  test('settings of activations', async () => {
    for (const approximate of [true, false])
      await expectAgreement(model([x], [called('gelu', [input(0)], { approximate })]), [x]);
    await expectAgreement(model([x], [called('leaky_relu', [input(0)], {}, { alpha: constant(0.4) })]), [x]);
    await expectAgreement(model([x], [called('softmax', [input(0)], { axis: 1 })]), [x]);
    await expectAgreement(model([x], [called('elu', [input(0)], { alpha: 0.5 })]), [x]);
  });

  test('where, clip and logic', async () => {
    const compared = [called('greater', [input(0), constant(0)]), called('less', [input(1), constant(0.5)])];
    for (const name of ['logical_and', 'logical_or', 'logical_xor']) {
      await expectAgreement(model([x, y], [...compared, called(name, [result(0), result(1)])]), [x, y], 0);
    }
    await expectAgreement(model([x], [compared[0] as never, called('logical_not', [result(0)])]), [x], 0);
    await expectAgreement(model([x, y], [...compared, called('where', [result(0), input(0), input(1)])]), [x, y], 0);
    await expectAgreement(model([x, y], [...compared, called('where', [result(0), input(0), constant(0)])]), [x, y], 0);
    await expectAgreement(model([x], [called('clip', [input(0)], { x_min: -1, x_max: 0.5 })]), [x], 0);
    const limits = { clip_value_min: constant(0), clip_value_max: constant(1) };
    await expectAgreement(model([x], [called('clip_by_value', [input(0)], {}, limits)]), [x], 0);
    const cast = called('cast', [result(0)], {}, { dtype: constant('float32') });
    await expectAgreement(model([x], [compared[0] as never, cast]), [x], 0);
    await expectAgreement(model([x], [called('cast', [input(0)], { dtype: 'bool' })]), [x], 0);
  });
});

describe('reductions', () => {
  test.each(['mean', 'sum', 'max', 'amax', 'min', 'amin', 'prod', 'var', 'std', 'logsumexp', 'norm'])(
    '%s',
    async (name) => {
      for (const config of [
        { axis: 1 },
        { axis: -1, keepdims: true },
        { axis: [1, 2] },
        { axis: [1, 2], keepdims: true },
      ]) {
        if (name === 'norm' && Array.isArray(config.axis)) continue;
        await expectAgreement(model([x], [called(name, [input(0)], config)]), [x], 1e-5);
      }
    },
  );

  test.each(['reduce_mean', 'reduce_sum', 'reduce_max', 'reduce_min'])('tf.%s', async (name) => {
    const kwargs = { axis: constant([1]), keepdims: constant(true) };
    await expectAgreement(model([x], [called(name, [input(0)], {}, kwargs)], { kerasVersion: '2.15.0' }), [x]);
  });

  test.each(['argmax', 'argmin'])('%s', async (name) => {
    for (const axis of [1, -1]) await expectAgreement(model([x], [called(name, [input(0)], { axis })]), [x], 0);
  });

  test('the others', async () => {
    await expectAgreement(model([x], [called('cumsum', [input(0)], { axis: 1 })]), [x]);
    await expectAgreement(model([x], [called('l2_normalize', [input(0)], {}, { axis: constant(-1) })]), [x]);
    await expectAgreement(model([x], [called('normalize', [input(0)], { axis: 1, order: 2 })]), [x]);
    for (const name of ['any', 'all']) {
      const calls = [called('greater', [input(0), constant(0)]), called(name, [result(0)], { axis: 1 })];
      await expectAgreement(model([x], calls), [x], 0);
    }
  });
});

describe('shapes', () => {
  test.each<[string, Record<string, unknown>]>([
    ['reshape', { newshape: [-1, 12] }],
    ['reshape', { newshape: [-1, 2, 2, 3] }],
    ['transpose', { axes: [0, 2, 1] }],
    ['transpose', {}],
    ['swapaxes', { axis1: 1, axis2: -1 }],
    ['moveaxis', { source: 1, destination: -1 }],
    ['expand_dims', { axis: 1 }],
    ['expand_dims', { axis: -1 }],
    ['tile', { repeats: [1, 2, 3] }],
    ['repeat', { repeats: 2, axis: 1 }],
    ['flip', { axis: 1 }],
    ['flip', { axis: [1, 2] }],
    [
      'pad',
      {
        pad_width: [
          [0, 0],
          [1, 2],
          [0, 1],
        ],
        mode: 'constant',
      },
    ],
    ['take', { axis: 1, indices: [0, 2, -1] }],
    ['take', { axis: -1, indices: 1 }],
    ['zeros_like', {}],
    ['ones_like', {}],
    ['stop_gradient', {}],
  ])('%s %j', async (name, { indices, ...config }) => {
    const args = indices === undefined ? [input(0)] : [input(0), constant(indices)];
    await expectAgreement(model([x], [called(name, args, config)]), [x], 0);
  });

  test('joining and splitting', async () => {
    for (const axis of [1, -1]) {
      const both = [list(input(0), input(1))];
      await expectAgreement(model([x, y], [called('concatenate', both, { axis })]), [x, y], 0);
      await expectAgreement(model([x, y], [called('concat', both, {}, { axis: constant(axis) })]), [x, y], 0);
      await expectAgreement(model([x, y], [called('stack', both, { axis })]), [x, y], 0);
    }
    await expectAgreement(
      model([x], [called('split', [input(0)], { indices_or_sections: 2, axis: -1 })], { outputs: 2 }),
      [x],
      0,
    );
    await expectAgreement(
      model([x], [called('split', [input(0)], { indices_or_sections: [1, 3], axis: 2 })], { outputs: 3 }),
      [x],
      0,
    );
    const sizes = { num_or_size_splits: constant([1, 3]), axis: constant(-1) };
    await expectAgreement(model([x], [called('split', [input(0)], {}, sizes)], { outputs: 2 }), [x], 0);
    await expectAgreement(
      model([x], [called('unstack', [input(0)], {}, { axis: constant(1) })], { outputs: 3 }),
      [x],
      0,
    );
    const squeezed = [called('expand_dims', [input(0)], { axis: 1 }), called('squeeze', [result(0)], { axis: 1 })];
    await expectAgreement(model([x], squeezed), [x], 0);
  });

  test('one_hot', async () => {
    const ids = integers([2, 3], [0, 1, 2, 3, 4, -1]);
    await expectAgreement(model([ids], [called('one_hot', [input(0)], { num_classes: 4, axis: -1 })]), [ids], 0);
  });

  const all = { start: null, stop: null, step: null };
  const slice = (start: number | null, stop: number | null, step: number | null = null) => ({ start, stop, step });
  test.each<[unknown[]]>([
    [[all, slice(1, 3)]],
    [[all, -1]],
    [[all, 0]],
    [[all, slice(null, -1)]],
    [[all, slice(-2, null)]],
    [[all, slice(null, null, 2)]],
    [[all, slice(null, null, -1)]],
    [[all, all, slice(3, 0, -2)]],
    [['...', 0]],
    [['...', slice(1, 2)]],
    [[all, null, 1]],
    [[all, all, all, null]],
    [['...', null]],
    [[all, 1, slice(1, null)]],
  ])('x%j', async (key) => {
    await expectAgreement(model([x], [called('getitem', [input(0), constant(key)])]), [x], 0);
    const named = called('getitem', [input(0)], {}, { slice_spec: constant(key) });
    await expectAgreement(model([x], [named], { shapes: [[-1, -1, 4]], kerasVersion: '2.15.0' }), [x], 0);
  });
});

describe('products', () => {
  const matrix = numbers([2, 4, 5], 7);
  const flat = numbers([4, 5], 8);

  test('matmul', async () => {
    await expectAgreement(model([x, matrix], [called('matmul', [input(0), input(1)])]), [x, matrix]);
    const turned = { b: input(1), transpose_b: constant(true) };
    await expectAgreement(model([x, y], [called('matmul', [input(0)], {}, turned)]), [x, y]);
    const rows = Array.from({ length: 4 }, (_, row) => [...flat.data.subarray(row * 5, row * 5 + 5)]);
    await expectAgreement(model([x], [called('matmul', [input(0), constant(rows)])]), [x]);
  });

  test('einsum', async () => {
    const config = { subscripts: 'bij,bkj->bik' };
    await expectAgreement(model([x, y], [called('einsum', [input(0), input(1)], config)]), [x, y]);
  });

  test('refuses what TF.js multiplies wrongly', () => {
    const [a, b] = [numbers([2, 1, 3, 4]), numbers([2, 3, 4, 5])];
    expect(() => emitModel(model([a, b], [called('matmul', [input(0), input(1)])]))).toThrow(/can't be multiplied/);
  });
});

test.each<[string, Argument[], Record<string, unknown>, RegExp]>([
  ['cast', [input(0)], {}, /doesn't say to which datatype/],
  [
    'pad',
    [input(0)],
    {
      pad_width: [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
      mode: 'reflect',
    },
    /padding 'reflect' is not supported/,
  ],
  ['norm', [input(0)], { ord: 1, axis: 1 }, /only the Euclidean norm/],
  ['add', [input(0)], {}, /operand x is missing|operand y is missing/],
  ['fft', [input(0)], {}, /operation 'fft' is not known/],
  ['squeeze', [input(0)], { axis: 1 }, /are not all 1/],
  ['split', [input(0)], { indices_or_sections: 3, axis: -1 }, /can't be split/],
])('refuses %s of what it can not do', (name, args, config, message) => {
  expect(() => emitModel(model([x], [called(name, args, config)]))).toThrow(message);
});
