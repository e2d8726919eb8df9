import { describe, expect, test } from '@jest/globals';
import type { Argument, KerasCall, KerasLayer, KerasModel } from '../../../lib/importers/keras/keras-model.js';
import { isKeras, kerasMajor } from '../../../lib/importers/keras/keras-version.js';
import { runOrder } from '../../../lib/importers/keras/run-order.js';

const layer = (name: string): KerasLayer => ({
  name,
  className: 'Dense',
  config: {},
  weights: new Map(),
  children: new Map(),
});
const of = (...calls: number[]): Argument[] =>
  calls.map((call) => ({ kind: 'value', ref: call < 0 ? { input: 0 } : { call, output: 0 } }));
const call = (name: string, ...from: number[]): KerasCall => ({ layer: layer(name), args: of(...from), kwargs: {} });
const model = (calls: KerasCall[], ...outputs: number[]): KerasModel => ({
  name: 'model',
  kerasVersion: '3.15.1',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  calls,
  outputs: outputs.map((output) => ({ name: `${output}`, value: { call: output, output: 0 } })),
});

describe('the order in which Keras runs a model', () => {
  test('what is farthest from an output comes first', () => {
    // 0 → 1 → 2 → 4 ← 3 ← 0: the short branch waits for the long one, and comes after what stands before it.
    const calls = [call('a', -1), call('b', 0), call('c', 1), call('short', 0), call('join', 2, 3)];
    expect(runOrder(model(calls, 4))).toEqual([0, 1, 2, 3, 4]);
  });

  test('calls that no output needs are left out; arguments come first whatever their number', () => {
    expect(runOrder(model([call('last', 1), call('first', -1), call('unused', 1)], 0))).toEqual([1, 0]);
  });

  test('all uses of a layer are as far away as its farthest', () => {
    const shared = layer('shared');
    const calls: KerasCall[] = [
      { layer: shared, args: of(-1), kwargs: {} },
      call('other', 0),
      { layer: shared, args: of(1), kwargs: {} },
    ];
    expect(runOrder(model(calls, 2))).toEqual([0, 1, 2]);
  });

  test('a chain of thousands of layers', () => {
    const calls = Array.from({ length: 20_000 }, (_, index) => call(`l${index}`, index - 1));
    expect(runOrder(model(calls, calls.length - 1))).toHaveLength(calls.length);
  });
});

test('versions', () => {
  expect([kerasMajor('2.15.0'), kerasMajor('3.0.0'), kerasMajor('tfjs-layers 1.1.0'), kerasMajor('1.2.2')]).toEqual([
    2, 3, 2, 2,
  ]);
  expect([
    isKeras('3.10.0', 3, 9),
    isKeras('3.9.2', 3, 10),
    isKeras('tfjs-layers 4.22.0', 3, 0),
    isKeras('4.0', 3, 10),
  ]).toEqual([true, false, false, true]);
});
