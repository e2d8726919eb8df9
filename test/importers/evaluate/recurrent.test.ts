import { describe, expect, test } from '@jest/globals';
import { callLayer, layerOf, list, nd, rounded, value } from './call-layer.js';

/** h' = x + h: what the steps add up to. */
const adding = (config: Record<string, unknown> = {}) =>
  layerOf(
    'SimpleRNN',
    { units: 1, activation: 'linear', use_bias: false, ...config },
    { kernel: [[1]], recurrent_kernel: [[1]] },
  );
const steps = nd([[[1], [2], [4]]]);
const mask = (...kept: number[]) => nd([kept]);

describe('recurrent layers', () => {
  test('SimpleRNN gives the last output, the sequence or the state', () => {
    expect(rounded(callLayer(adding(), { args: [value(steps)] })[0])).toEqual([7]);
    const [sequence, state] = callLayer(adding({ return_sequences: true, return_state: true }), {
      args: [value(steps)],
    });
    expect([rounded(sequence), sequence?.shape, rounded(state), state?.shape]).toEqual([
      [1, 3, 7],
      [1, 3, 1],
      [7],
      [1, 1],
    ]);
  });

  test('go_backwards takes the steps from the last, and gives them in that order', () => {
    const layer = adding({ go_backwards: true, return_sequences: true });
    expect(rounded(callLayer(layer, { args: [value(steps)] })[0])).toEqual([4, 6, 7]);
  });

  test.each([
    [{}, [1, 0, 1], [1, 1, 5]],
    [{}, [0, 1, 1], [0, 2, 6]],
    [{ zero_output_for_mask: true }, [1, 0, 1], [1, 0, 5]],
    [{ go_backwards: true }, [1, 0, 1], [4, 4, 5]],
    [{ unroll: true }, [0, 1, 0], [0, 2, 2]],
  ])('with %j and the mask %j: %j', (config, kept, expected) => {
    const layer = adding({ return_sequences: true, ...config });
    const [output] = callLayer(layer, { args: [value({ ...steps, mask: mask(...kept) })] });
    expect(rounded(output)).toEqual(expected);
    expect(rounded(output?.mask)).toEqual(kept);
  });

  test('a mask given by name goes before the one that comes with the input; it ends with a last output', () => {
    const x = { ...steps, mask: mask(0, 0, 1) };
    const [output] = callLayer(adding(), { args: [value(x)], kwargs: { mask: value(mask(1, 1, 0)) } });
    expect([rounded(output), output?.mask]).toEqual([[3], undefined]);
  });

  test('states are given by name, or with the input in one list', () => {
    const state = nd([[10]]);
    const named = { initial_state: list(state) };
    expect(rounded(callLayer(adding(), { args: [value(steps)], kwargs: named })[0])).toEqual([17]);
    expect(rounded(callLayer(adding(), { args: [list(steps, state)], keras: '2.15.0' })[0])).toEqual([17]);
  });

  test('beside given states Keras 3 skips no steps of a mask that comes with the input, but hands it on', () => {
    const x = { ...steps, mask: mask(1, 0, 1) };
    const given = { args: [value(x)], kwargs: { initial_state: value(nd([[0]])) } };
    const [third] = callLayer(adding({ return_sequences: true }), given);
    expect([rounded(third), rounded(third?.mask)]).toEqual([
      [1, 3, 7],
      [1, 0, 1],
    ]);
    const [second] = callLayer(adding({ return_sequences: true }), { ...given, keras: '2.15.0' });
    expect(rounded(second)).toEqual([1, 1, 5]);
  });

  test('GRU with reset_after resets what the state is multiplied to, else the state', () => {
    // One unit; gates z, r, h. By hand with σ(0) = 1/2: z = r = 1/2.
    const weights = { kernel: [[0, 0, 1]], recurrent_kernel: [[0, 0, 2]] };
    const config = { units: 1, activation: 'linear', recurrent_activation: 'sigmoid' };
    const given = { args: [value(nd([[[3]]]))], kwargs: { initial_state: list(nd([[4]])) } };
    // ĥ = 3 + 1/2 · (4 · 2 + 6) = 10, h' = 1/2 · 4 + 1/2 · 10
    const after = layerOf(
      'GRU',
      { ...config, reset_after: true },
      {
        ...weights,
        bias: [
          [0, 0, 0],
          [0, 0, 6],
        ],
      },
    );
    expect(rounded(callLayer(after, given)[0])).toEqual([7]);
    // ĥ = 3 + 6 + (1/2 · 4) · 2 = 13, h' = 1/2 · 4 + 1/2 · 13
    const before = layerOf('GRU', { ...config, reset_after: false }, { ...weights, bias: [0, 0, 6] });
    expect(rounded(callLayer(before, given)[0])).toEqual([8.5]);
  });

  test('LSTM has its gates in the order i, f, c, o', () => {
    // Linear throughout: i = 2, f = 3, ĉ = 5, o = 7 from the bias; c' = 3 · 10 + 2 · 5, h' = 7 · 40.
    const config = { units: 1, activation: 'linear', recurrent_activation: 'linear', return_state: true };
    const layer = layerOf('LSTM', config, {
      kernel: [[0, 0, 0, 0]],
      recurrent_kernel: [[0, 0, 0, 0]],
      bias: [2, 3, 5, 7],
    });
    const given = { args: [value(nd([[[1]]]))], kwargs: { initial_state: list(nd([[0]]), nd([[10]])) } };
    expect(callLayer(layer, given).map((output) => rounded(output))).toEqual([[280], [280], [40]]);
  });

  test('ConvLSTM convolves input and state', () => {
    // 1D, window 1, one filter, linear: each gate is x + h at its place.
    const config = {
      filters: 1,
      kernel_size: [1],
      strides: [1],
      dilation_rate: [1],
      padding: 'valid',
      use_bias: false,
    };
    const kernel = [[[1, 1, 1, 1]]];
    const layer = layerOf(
      'ConvLSTM1D',
      { ...config, activation: 'linear', recurrent_activation: 'linear', return_sequences: true },
      { kernel, recurrent_kernel: kernel },
    );
    // First step at x: c = x², h = x³. Second: s = x + h, c' = s·c + s², h' = s·c'.
    const [output] = callLayer(layer, {
      args: [
        value(
          nd([
            [
              [[1], [2]],
              [[1], [0]],
            ],
          ]),
        ),
      ],
    });
    expect([rounded(output), output?.shape]).toEqual([
      [1, 8, 2 * (2 + 4), 8 * (32 + 64)],
      [1, 2, 2, 1],
    ]);
  });

  test.each([
    [{ units: 2 }, {}, /its kernel has shape \[1, 1\]; it must be \[1, 2\]/],
    [{ units: '1' }, {}, /units is '1'; it must be a whole number/],
    [{ time_major: true }, {}, /time_major can't be evaluated; leave it out/],
    [{ activation: 'glow' }, {}, /no evaluator for the activation glow/],
    [{}, { initial_state: list(nd([[1, 2]])) }, /its initial_state has shape \[1, 2\]; it must be \[1, 1\]/],
    [{}, { initial_state: list(nd([[1]]), nd([[1]])) }, /its initial_state has shape .* and .*; it must be \[1, 1\]/],
    [{}, { mask: value(nd([1, 1, 1])) }, /its mask has shape \[3\]; it must be \[1, 3\]/],
  ])('%j is refused by name', (config, kwargs, message) => {
    const run = () => callLayer(adding(config), { args: [value(steps)], kwargs });
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(run).toThrow(message);
    expect(run).toThrow(/layer 'layer'/);
  });

  test('an input of other rank, and one without steps', () => {
    expect(() => callLayer(adding(), { args: [value(nd([[1]]))] })).toThrow(/is given \[1, 1\]; it takes 3 dimensions/);
    expect(() => callLayer(adding(), { args: [] })).toThrow(/is given nothing; connect its input/);
  });
});
