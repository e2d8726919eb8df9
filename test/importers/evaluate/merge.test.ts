import { describe, expect, test } from '@jest/globals';
import { callLayer, layerOf, list, nd, rounded, value } from './call-layer.js';

const a = nd([
  [
    [1, 2],
    [3, 4],
  ],
]);
const b = nd([
  [
    [10, 20],
    [30, -40],
  ],
]);
const merged = (className: string, inputs = [a, b], config = {}, keras = '3.15.1') =>
  callLayer(layerOf(className, config), { args: [list(...inputs)], keras })[0];

describe('merge layers', () => {
  test.each([
    ['Add', [11, 22, 33, -36]],
    ['Subtract', [-9, -18, -27, 44]],
    ['Multiply', [10, 40, 90, -160]],
    ['Average', [5.5, 11, 16.5, -18]],
    ['Maximum', [10, 20, 30, 4]],
    ['Minimum', [1, 2, 3, -40]],
  ])('%s', (className, expected) => {
    expect(rounded(merged(className))).toEqual(expected);
  });

  test('shapes broadcast; of fewer axes, ones come behind the batch', () => {
    const rows = nd([[[1, 1]], [[2, 2]]]);
    const vectors = nd([
      [10, 20],
      [30, 40],
    ]);
    const sum = merged('Add', [rows, vectors]);
    expect([rounded(sum), sum?.shape]).toEqual([
      [11, 21, 32, 42],
      [2, 1, 2],
    ]);
    expect(() => merged('Add', [a, nd([[[1, 2, 3]]])])).toThrow(
      /layer 'layer' can't combine .*; make their shapes agree/,
    );
  });

  test('masks: Keras 2 takes what counts in all, Keras 3 what counts in any, and needs one of each input', () => {
    const [x, y] = [
      { ...a, mask: nd([[1, 0]]) },
      { ...b, mask: nd([[1, 1]]) },
    ];
    const masks = (inputs: (typeof a)[], keras: string) => rounded(merged('Add', inputs, {}, keras)?.mask);
    expect([masks([x, y], '2.15.0'), masks([x, b], '2.15.0')]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect([masks([x, y], '3.15.1'), masks([x, b], '3.15.1'), masks([x, y], '3.3.3')]).toEqual([[1, 1], [], []]);
  });

  test('since Keras 3.4 masks change products and extremes', () => {
    const [x, y] = [
      { ...a, mask: nd([[1, 0]]) },
      { ...b, mask: nd([[0, 0]]) },
    ];
    expect(rounded(merged('Multiply', [x, y]))).toEqual([1, 2, 0, 0]);
    expect(rounded(merged('Multiply', [x, b]))).toEqual([10, 40, 30, -40]);
    expect(rounded(merged('Maximum', [x, y]))).toEqual([1, 2, 3, 4]);
    expect(rounded(merged('Minimum', [x, b]))).toEqual([1, 2, 30, -40]);
    expect(rounded(merged('Multiply', [x, y], {}, '2.15.0'))).toEqual([10, 40, 90, -160]);
  });

  test('Concatenate joins arrays and masks along an axis', () => {
    const [x, y] = [
      { ...a, mask: nd([[1, 0]]) },
      { ...b, mask: nd([[0, 0]]) },
    ];
    const time = merged('Concatenate', [x, y], { axis: 1 });
    expect([rounded(time), rounded(time?.mask)]).toEqual([
      [1, 2, 3, 4, 10, 20, 30, -40],
      [1, 0, 0, 0],
    ]);
    expect(rounded(merged('Concatenate', [x, y], { axis: -1 }))).toEqual([1, 2, 10, 20, 3, 4, 30, -40]);
    const features = (keras: string) => rounded(merged('Concatenate', [x, y], { axis: -1 }, keras)?.mask);
    expect([features('2.15.0'), features('3.15.1')]).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(() => merged('Concatenate', [a, nd([[[1, 2]], [[1, 2]]])])).toThrow(/can't join .*; make them fit/);
    expect(() => merged('Concatenate', [a, b], { axis: 3 })).toThrow(/axis 3 doesn't exist/);
  });

  test('Dot sums over an axis of each', () => {
    const one = merged('Dot', [nd([[1, 2]]), nd([[3, 4]])], { axes: -1 });
    expect([rounded(one), one?.shape]).toEqual([[11], [1, 1]]);
    expect(rounded(merged('Dot', [a, b], { axes: [1, 2] }))).toEqual([70, -90, 100, -100]);
    expect(rounded(merged('Dot', [nd([[3, 4]]), nd([[0, 5]])], { axes: 1, normalize: true }))).toEqual([0.8]);
    expect(rounded(merged('Dot', [nd([[0, 0]]), nd([[0, 5]])], { axes: 1, normalize: true }, '2.15.0'))).toEqual([0]);
    expect(() => merged('Dot', [a, nd([[1, 2, 3]])], { axes: 1 })).toThrow(/can't multiply .*; correct axes/);
    expect(() => merged('Dot', [a], { axes: 1 })).toThrow(/is given 1 inputs; it takes 2/);
  });

  test('what they are given is counted', () => {
    expect(() => merged('Subtract', [a, b, a])).toThrow(/is given 3 inputs; it takes 2/);
    expect(() => callLayer(layerOf('Add', {}), { args: [] })).toThrow(/is given 0 inputs; it takes at least one/);
    expect(rounded(callLayer(layerOf('Add', {}), { args: [value(a), value(b)] })[0])).toEqual([11, 22, 33, -36]);
  });
});
