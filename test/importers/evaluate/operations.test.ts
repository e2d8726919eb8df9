import { describe, expect, test } from '@jest/globals';
import type { NdArray } from '../../../lib/importers/evaluate/array.js';
import type { Resolved } from '../../../lib/importers/keras/walk.js';
import { callLayer, constant, layerOf, list, nd, rounded, value } from './call-layer.js';

const x = nd([
  [1, 2, 3],
  [4, 5, 6],
]);
const slice = (start: number | null = null, stop: number | null = null, step: number | null = null) => ({
  start,
  stop,
  step,
});

interface Given {
  readonly args?: readonly Resolved<NdArray>[];
  readonly kwargs?: Readonly<Record<string, Resolved<NdArray>>>;
  readonly config?: Record<string, unknown>;
  readonly keras?: string;
}
const run = (name: string, { args = [value(x)], kwargs = {}, config = {}, keras = '3.15.1' }: Given = {}) =>
  callLayer(layerOf(`op:${name}`, config), { args, kwargs, keras });

describe('functions used as layers', () => {
  test.each<[string, Given, number[], number[]]>([
    // Arguments as Keras 3 writes them: tensors and constants in their place, other settings in the config …
    ['add', { args: [value(x), constant([10, 20, 30])] }, [2, 3], [11, 22, 33, 14, 25, 36]],
    ['subtract', { args: [constant(1), value(x)] }, [2, 3], [0, -1, -2, -3, -4, -5]],
    ['mod', { args: [value(nd([-7, 7])), constant(4)] }, [2], [1, 3]],
    ['floor_divide', { args: [value(nd([-7, 7])), constant(2)] }, [2], [-4, 3]],
    ['where', { args: [constant([true, false, true]), value(x), constant(0)] }, [2, 3], [1, 0, 3, 4, 0, 6]],
    ['clip', { config: { x_min: 2, x_max: 5 } }, [2, 3], [2, 2, 3, 4, 5, 5]],
    ['round', { args: [value(nd([0.5, 1.5, -2.5, 2.6]))] }, [4], [0, 2, -2, 3]],
    ['cast', { args: [value(nd([-1.7, 2.9]))], config: { dtype: 'int32' } }, [2], [-1, 2]],
    ['cast', { args: [value(nd([0, -0.3]))], config: { dtype: 'bool' } }, [2], [0, 1]],
    ['leaky_relu', { args: [value(nd([-1, 1]))], config: { negative_slope: 0.1 } }, [2], [-0.1, 1]],
    ['gelu', { args: [value(nd([1]))], config: { approximate: false } }, [1], [0.841345]],
    ['softmax', { config: { axis: 0 } }, [2, 3], [0.047426, 0.047426, 0.047426, 0.952574, 0.952574, 0.952574]],
    ['mean', { config: { axis: null, keepdims: false } }, [], [3.5]],
    ['sum', { config: { axis: -1, keepdims: true } }, [2, 1], [6, 15]],
    ['max', { config: { axis: [0, 1], keepdims: false } }, [], [6]],
    ['std', { config: { axis: 0 } }, [3], [1.5, 1.5, 1.5]],
    ['argmax', { args: [value(nd([[1, 9, 9]]))], config: { axis: 1 } }, [1], [1]],
    ['average', { config: { axis: 1 }, kwargs: { weights: constant([1, 0, 1]) } }, [2], [2, 5]],
    ['cumsum', { config: { axis: 1 } }, [2, 3], [1, 3, 6, 4, 9, 15]],
    [
      'normalize',
      {
        args: [
          value(
            nd([
              [3, 4],
              [0, 0],
            ]),
          ),
        ],
        config: { axis: -1, order: 2 },
      },
      [2, 2],
      [0.6, 0.8, 0, 0],
    ],
    ['reshape', { config: { newshape: [3, -1] } }, [3, 2], [1, 2, 3, 4, 5, 6]],
    ['transpose', { config: { axes: null } }, [3, 2], [1, 4, 2, 5, 3, 6]],
    ['moveaxis', { config: { source: 0, destination: -1 } }, [3, 2], [1, 4, 2, 5, 3, 6]],
    ['expand_dims', { config: { axis: -1 } }, [2, 3, 1], [1, 2, 3, 4, 5, 6]],
    ['concatenate', { args: [list(x, x)], config: { axis: 0 } }, [4, 3], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]],
    ['stack', { args: [list(x, x)], config: { axis: 2 } }, [2, 3, 2], [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]],
    ['tile', { config: { repeats: [1, 2] } }, [2, 6], [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]],
    ['repeat', { config: { repeats: 2, axis: 0 } }, [4, 3], [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]],
    [
      'pad',
      {
        config: {
          pad_width: [
            [0, 0],
            [1, 2],
          ],
          mode: 'reflect',
        },
      },
      [2, 6],
      [2, 1, 2, 3, 2, 1, 5, 4, 5, 6, 5, 4],
    ],
    ['roll', { config: { shift: 1, axis: 1 } }, [2, 3], [3, 1, 2, 6, 4, 5]],
    ['take', { args: [value(x), constant([2, -3])], config: { axis: 1 } }, [2, 2], [3, 1, 6, 4]],
    ['one_hot', { args: [value(nd([1, 3]))], config: { num_classes: 3 } }, [2, 3], [0, 1, 0, 0, 0, 0]],
    ['matmul', { args: [value(x), constant([1, 0, 2])] }, [2], [7, 16]],
    ['dot', { args: [value(x), constant([[1], [1], [1]])] }, [2, 1], [6, 15]],
    ['einsum', { args: [value(x), value(x)], config: { subscripts: 'ij,kj->ik' } }, [2, 2], [14, 32, 32, 77]],
    // … and as Keras 2 does: all but the first by TensorFlow's names.
    [
      'clip_by_value',
      { kwargs: { clip_value_min: constant(2), clip_value_max: constant(5) }, keras: '2.15.0' },
      [2, 3],
      [2, 2, 3, 4, 5, 5],
    ],
    ['reduce_max', { kwargs: { axis: constant(1) }, keras: '2.15.0' }, [2], [3, 6]],
    ['gelu', { args: [value(nd([1]))], keras: '2.15.0' }, [1], [0.841345]],
    ['l2_normalize', { args: [value(nd([[0, 0]]))], kwargs: { axis: constant(1) }, keras: '2.15.0' }, [1, 2], [0, 0]],
    ['matmul', { kwargs: { b: value(x), transpose_b: constant(true) }, keras: '2.15.0' }, [2, 2], [14, 32, 32, 77]],
    ['gather', { kwargs: { indices: constant([1]), axis: constant(1) }, keras: '2.15.0' }, [2, 1], [2, 5]],
    ['reshape', { kwargs: { shape: list(nd(3), nd(2)) }, keras: '2.15.0' }, [3, 2], [1, 2, 3, 4, 5, 6]],
    ['shape', { keras: '2.15.0' }, [2], [2, 3]],
  ])('%s %#', (name, given, shape, expected) => {
    const [output] = run(name, given);
    expect([output?.shape, rounded(output)]).toEqual([shape, expected]);
  });

  test.each<[unknown, number[], number[]]>([
    [[slice(), 0], [2], [1, 4]],
    [[-1], [3], [4, 5, 6]],
    [1, [3], [4, 5, 6]],
    [
      [slice(), slice(null, null, -1)],
      [2, 3],
      [3, 2, 1, 6, 5, 4],
    ],
    [
      [slice(), slice(-2, 100)],
      [2, 2],
      [2, 3, 5, 6],
    ],
    [
      ['...', slice(1)],
      [2, 2],
      [2, 3, 5, 6],
    ],
    [['...', 2], [2], [3, 6]],
    [
      [slice(), null],
      [2, 1, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    [[slice(1, 1)], [0, 3], []],
  ])('x[%j] of Python', (key, shape, expected) => {
    const [output] = run('getitem', { args: [value(x), constant(key)] });
    expect([output?.shape, rounded(output)]).toEqual([shape, expected]);
  });

  test('functions with several results, and none with a mask', () => {
    const parts = (config: Record<string, unknown>) => run('split', { config }).map((part) => rounded(part));
    expect(parts({ indices_or_sections: 3, axis: 1 })).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(parts({ indices_or_sections: [1], axis: 1 })).toEqual([
      [1, 4],
      [2, 3, 5, 6],
    ]);
    expect(parts({ num_or_size_splits: [2, -1], axis: 1 })).toEqual([
      [1, 2, 4, 5],
      [3, 6],
    ]);
    expect(run('unstack', { config: { axis: 0 } }).map((part) => rounded(part))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const masked = { ...x, mask: nd([1, 0]) };
    expect(run('stop_gradient', { args: [value(masked)] })[0]?.mask).toBeUndefined();
  });

  test('images', () => {
    const image = nd([
      [
        [[1], [2]],
        [[3], [4]],
      ],
    ]);
    const [pooled] = run('max_pool', {
      args: [value(image)],
      config: { pool_size: 2, strides: null, padding: 'valid' },
    });
    expect([pooled?.shape, rounded(pooled)]).toEqual([[1, 1, 1, 1], [4]]);
    const kernel = constant([[[[1]]], [[[10]]]]);
    const [filtered] = run('conv', { args: [value(image), kernel], config: { padding: 'valid', strides: 1 } });
    expect([filtered?.shape, rounded(filtered)]).toEqual([
      [1, 1, 2, 1],
      [31, 42],
    ]);
    const resized = { size: constant([1, 2]), method: constant('nearest') };
    expect(rounded(run('resize', { args: [value(image)], kwargs: resized, keras: '2.15.0' })[0])).toEqual([3, 4]);
  });

  test.each<[string, Given, RegExp]>([
    ['conjure', {}, /there is no evaluator for the class op:conjure; use one of Keras' own/],
    ['add', { args: [value(x), constant('1')] }, /x2 is text; it must be numbers/],
    ['add', { args: [value(x), constant([1, 2])] }, /can't combine \[2, 3\] and \[2\]; make their shapes agree/],
    ['mean', { config: { axis: 2 } }, /axis 2 doesn't exist in 2 dimensions/],
    ['reshape', { config: { newshape: [4, -1] } }, /newshape is an array of 2; it must be a shape of 6 numbers/],
    ['getitem', { args: [value(x), constant([5])] }, /key is a number; it must be within an axis of 2/],
    ['take', { args: [value(x), constant([9])], config: { axis: 1 } }, /an index is not in an axis of 3/],
    ['cast', { config: { dtype: 'string' } }, /dtype is text; it must be a type of numbers/],
    ['tile', { config: { repeats: [1e12] } }, /repeats is an array of 1; it must be small numbers/],
    // Keras 2 loses the operands when it writes tf.einsum.
    ['einsum', { args: [constant('ij,jk->ik')], keras: '2.15.0' }, /an argument is nothing; it must be numbers/],
    ['matmul', { args: [value(x), value(x)] }, /can't multiply \[2, 3\] and \[2, 3\]; make them fit/],
  ])('%s %# is refused by name', (name, given, message) => {
    expect(() => run(name, given)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => run(name, given)).toThrow(message);
    expect(() => run(name, given)).toThrow(/layer 'layer'/);
  });
});
