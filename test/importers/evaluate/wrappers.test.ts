import { describe, expect, test } from '@jest/globals';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';
import { callLayer, layerOf, list, nd, rounded, value } from './call-layer.js';

const adding = (config: Record<string, unknown>) =>
  layerOf(
    'SimpleRNN',
    { units: 1, activation: 'linear', use_bias: false, ...config },
    { kernel: [[1]], recurrent_kernel: [[1]] },
  );
const both = (config: Record<string, unknown>, inner: Record<string, unknown> = {}) =>
  layerOf(
    'Bidirectional',
    config,
    {},
    {
      forward: adding({ go_backwards: false, ...inner }),
      backward: adding({ go_backwards: true, ...inner }),
    },
  );
const steps = nd([[[1], [2], [4]]]);

describe('Bidirectional', () => {
  test.each([
    ['concat', [1, 7, 3, 6, 7, 4]],
    ['sum', [8, 9, 11]],
    ['mul', [7, 18, 28]],
    ['ave', [4, 4.5, 5.5]],
  ])('%s turns the backward sequence round', (merge_mode, expected) => {
    const layer = both({ merge_mode }, { return_sequences: true });
    expect(rounded(callLayer(layer, { args: [value(steps)] })[0])).toEqual(expected);
  });

  test('without merge_mode both are given, with the states behind them', () => {
    const layer = both({ merge_mode: null }, { return_state: true });
    const given = { args: [value(steps)], kwargs: { initial_state: list(nd([[10]]), nd([[20]])) } };
    expect(callLayer(layer, given).map((output) => rounded(output))).toEqual([[17], [27], [17], [27]]);
  });

  test('masked steps of a sequence are 0, and the mask goes on', () => {
    const layer = both({ merge_mode: 'concat' }, { return_sequences: true });
    const [output] = callLayer(layer, { args: [value({ ...steps, mask: nd([[1, 0, 1]]) })] });
    expect([rounded(output), rounded(output?.mask)]).toEqual([
      [1, 5, 0, 0, 5, 4],
      [1, 0, 1],
    ]);
  });

  test.each([
    [both({ merge_mode: 'glue' }), /merge_mode is 'glue'; it must be one of concat, sum, mul, ave/],
    [layerOf('Bidirectional', { merge_mode: 'sum' }), /forward is nothing; it must be a layer of Keras/],
  ])('is refused by name', (layer, message) => {
    expect(() => callLayer(layer, { args: [value(steps)] })).toThrow(message);
  });
});

describe('TimeDistributed', () => {
  const over = (layer: KerasLayer) => layerOf('TimeDistributed', {}, {}, { layer });
  const dense = layerOf('Dense', { units: 1, activation: 'relu', use_bias: false }, { kernel: [[1], [-1]] });

  test('applies a layer to each step', () => {
    const [output] = callLayer(over(dense), {
      args: [
        value(
          nd([
            [
              [3, 1],
              [1, 3],
            ],
            [
              [5, 5],
              [9, 2],
            ],
          ]),
        ),
      ],
    });
    expect([rounded(output), output?.shape]).toEqual([
      [2, 0, 0, 7],
      [2, 2, 1],
    ]);
  });

  test('applies a model to each step', () => {
    const model = {
      name: 'inner',
      kerasVersion: '3.15.1',
      inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 2] }],
      calls: [{ layer: dense, args: [{ kind: 'value' as const, ref: { input: 0 } }], kwargs: {} }],
      outputs: [{ name: 'y', value: { call: 0, output: 0 } }],
    };
    const layer = over({ ...layerOf('Functional', {}), model });
    expect(
      rounded(
        callLayer(layer, {
          args: [
            value(
              nd([
                [
                  [3, 1],
                  [1, 3],
                ],
              ]),
            ),
          ],
        })[0],
      ),
    ).toEqual([2, 0]);
  });

  test('hands a mask on; Keras 2 reduces one with more axes, or takes what the inner layer makes', () => {
    const x = nd(
      [
        [
          [3, 1],
          [1, 3],
        ],
      ],
      nd([[1, 0]]),
    );
    for (const keras of ['2.15.0', '3.15.1']) {
      expect(rounded(callLayer(over(dense), { args: [value(x)], keras })[0]?.mask)).toEqual([1, 0]);
    }
    const deep = nd(
      [
        [
          [[1], [2]],
          [[4], [8]],
        ],
      ],
      nd([
        [
          [1, 0],
          [0, 0],
        ],
      ]),
    );
    const inner = over(adding({}));
    const [second] = callLayer(inner, { args: [value(deep)], keras: '2.15.0' });
    expect([rounded(second), rounded(second?.mask)]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(callLayer(inner, { args: [value(deep)] })[0]?.mask?.shape).toEqual([1, 2, 2]);
    const masking = over(layerOf('Masking', { mask_value: 0 }));
    const [made] = callLayer(masking, { args: [value(nd([[[[0], [2]]]]))], keras: '2.15.0' });
    expect([rounded(made?.mask), made?.mask?.shape]).toEqual([
      [0, 1],
      [1, 1, 2],
    ]);
  });

  test('is refused without steps, and without a layer', () => {
    expect(() => callLayer(over(dense), { args: [value(nd([[1, 2]].map(() => 1)))] })).toThrow(/it takes steps/);
    expect(() => callLayer(layerOf('TimeDistributed', {}), { args: [value(steps)] })).toThrow(/layer is nothing/);
  });
});
