import { describe, expect, test } from '@jest/globals';
import { callLayer, constant, layerOf, nd, rounded, value } from './call-layer.js';

describe('Embedding', () => {
  const table = {
    embeddings: [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
  };
  const config = { input_dim: 3, output_dim: 2 };

  test('looks rows up, and masks 0 where it is told to', () => {
    const [plain] = callLayer(layerOf('Embedding', { ...config, mask_zero: null }, table), {
      args: [value(nd([[2, 0.9]]))],
    });
    expect([rounded(plain), plain?.shape, plain?.mask]).toEqual([[4, 5, 0, 1], [1, 2, 2], undefined]);
    const [masked] = callLayer(layerOf('Embedding', { ...config, mask_zero: true }, table), {
      args: [value(nd([[2, 0]]))],
    });
    expect(rounded(masked?.mask)).toEqual([1, 0]);
  });

  test.each([[3], [-1], [Number.NaN]])('%p is no row', (index) => {
    const run = () => callLayer(layerOf('Embedding', config, table), { args: [value(nd([[index]]))] });
    expect(run).toThrow(`layer 'layer': ${index} is no index of its table; give 0 to 2`);
  });

  test('of Keras 3 goes back by its own table, or another', () => {
    const given = { args: [value(nd([[[1, 10]]]))], kwargs: { reverse: constant(true) } };
    expect(rounded(callLayer(layerOf('ReversibleEmbedding', config, table), given)[0])).toEqual([10, 32, 54]);
    const free = layerOf(
      'ReversibleEmbedding',
      { ...config, tie_weights: false, logit_soft_cap: 2 },
      {
        ...table,
        reverse_embeddings: [
          [1, 0, 0],
          [0, 0, 0],
        ],
      },
    );
    expect(rounded(callLayer(free, given)[0], 4)).toEqual([0.9242, 0, 0]);
    expect(rounded(callLayer(free, { args: [value(nd([[1]]))] })[0])).toEqual([2, 3]);
  });
});

test('Masking masks steps of which all numbers are the value, and makes them 0', () => {
  const layer = layerOf('Masking', { mask_value: 0.1 });
  const [output] = callLayer(layer, {
    args: [
      value(
        nd([
          [
            [0.1, 0.1],
            [0.1, 2],
          ],
        ]),
      ),
    ],
  });
  expect([rounded(output), rounded(output?.mask)]).toEqual([
    [0, 0, 0.1, 2],
    [0, 1],
  ]);
  expect(() => callLayer(layerOf('Masking', { mask_value: '0' }), { args: [value(nd([[[1]]]))] })).toThrow(
    "layer 'layer': mask_value is '0'; it must be a number",
  );
});
