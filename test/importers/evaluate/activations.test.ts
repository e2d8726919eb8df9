import { describe, expect, test } from '@jest/globals';
import { activate } from '../../../lib/importers/evaluate/activations.js';
import { ndArray } from '../../../lib/importers/evaluate/array.js';
import { erf } from '../../../lib/importers/evaluate/scalar-functions.js';

const row = (...values: number[]) => ndArray([1, values.length], Float64Array.from(values));
const apply = (activation: unknown, ...values: number[]) => [...activate(activation, row(...values), 'layer').data];
const expectClose = (actual: readonly number[], expected: readonly number[], digits = 6) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, digits);
  });
};
const named = (className: string, config: Record<string, unknown>) => ({ class_name: className, config });

describe('activations', () => {
  // From the examples in Keras' documentation of keras.activations, or by hand from the definition there.
  test.each([
    ['relu', [-10, -5, 0, 5, 10], [0, 0, 0, 5, 10]],
    [named('relu', { negative_slope: 0.5 }), [-10, -5, 0, 5, 10], [-5, -2.5, 0, 5, 10]],
    [named('relu', { max_value: 5 }), [-10, -5, 0, 5, 10], [0, 0, 0, 5, 5]],
    [named('relu', { threshold: 5 }), [-10, -5, 0, 5, 10], [0, 0, 0, 0, 10]],
    [named('ReLU', { max_value: 8, threshold: 5 }), [6, 7, 0, 5, 10], [6, 7, 0, 0, 8]],
    [named('ReLU', { negative_slope: 1, threshold: 0.5, max_value: 10 }), [-1, 0.5, 1, 11], [-1.5, 0, 1, 10]],
    ['relu6', [-1, 3, 7], [0, 3, 6]],
    ['leaky_relu', [-1, 2], [-0.2, 2]],
    [named('LeakyReLU', {}), [-1, 2], [-0.3, 2]],
    [named('LeakyReLU', { negative_slope: 0.5 }), [-10, -5, 0, 5, 10], [-5, -2.5, 0, 5, 10]],
    [named('ThresholdedReLU', { theta: 1.5 }), [1, 1.5, 2], [0, 0, 2]],
    ['elu', [-1, 1], [-0.6321206, 1]],
    [named('ELU', { alpha: 0.5 }), [-1, 1], [-0.3160603, 1]],
    ['selu', [-1, 0, 1], [-1.1113307, 0, 1.050701]],
    [named('celu', { alpha: 2 }), [-1, 1], [-0.7869387, 1]],
    ['gelu', [-3, -1, 0, 1, 3], [-0.00404951, -0.15865529, 0, 0.8413447, 2.9959507]],
    [named('gelu', { approximate: true }), [-3, -1, 0, 1, 3], [-0.00363752, -0.15880796, 0, 0.841192, 2.9963627]],
    ['swish', [-1, 1], [-0.26894142, 0.7310586]],
    ['silu', [-20, 20], [-4.1223072e-8, 20]],
    ['hard_silu', [-3, -1, 0, 1, 3], [0, -0.3333333, 0, 0.6666667, 3]],
    ['sigmoid', [-20, 0, 1, 20], [2.0611537e-9, 0.5, 0.7310586, 1]],
    ['hard_sigmoid', [-3, -1, 0, 1, 3], [0, 0.3333333, 0.5, 0.6666667, 1]],
    ['hard_sigmoid_02', [-3, -1, 0, 1, 3], [0, 0.3, 0.5, 0.7, 1]],
    ['log_sigmoid', [-1000, 0, 5], [-1000, -Math.LN2, -0.00671535]],
    ['sparse_sigmoid', [-2, -0.5, 0.5, 2], [0, 0.25, 0.75, 1]],
    ['tanh', [-3, 0, 1], [-0.9950547, 0, 0.7615942]],
    ['hard_tanh', [-2, 0.5, 2], [-1, 0.5, 1]],
    ['tanh_shrink', [-1, 1], [-0.23840584, 0.23840584]],
    ['soft_shrink', [-1, 0.3, 1], [-0.5, 0, 0.5]],
    ['hard_shrink', [-1, 0.5, 1], [-1, 0, 1]],
    [named('threshold', { threshold: 1, default_value: -7 }), [0, 1, 2], [-7, -7, 2]],
    ['softplus', [-20, 0, 20, 1000], [2.0611537e-9, Math.LN2, 20, 1000]],
    ['sparse_plus', [-2, 0, 0.5, 2], [0, 0.25, 0.5625, 2]],
    ['squareplus', [-1, 0, 1], [0.618034, 1, 1.618034]],
    ['softsign', [-1, 0, 1], [-0.5, 0, 0.5]],
    ['exponential', [-3, 0, 1], [0.04978707, 1, 2.7182817]],
    ['mish', [-3, 0, 1], [-0.14564744, 0, 0.8650984]],
    ['softmax', [1, 2, 1], [0.21194157, 0.5761169, 0.21194157]],
    ['log_softmax', [1000, 1001], [-1.3132617, -0.3132617]],
    // By hand: sorted 1, 0.8, -1; 1 + 2·0.8 > 1.8, 1 + 3·(-1) < 0.8, so k = 2 and Keras' τ = (1 + 1.8 - 1) / 2.
    ['sparsemax', [0.8, -1, 1], [0, 0, 0.1]],
    ['sparsemax', [0.8, -1, 3], [0, 0, 1]],
    ['glu', [1, 2, 0, 1], [0.5, 1.4621172]],
    ['linear', [1, -2], [1, -2]],
    [null, [1, -2], [1, -2]],
  ])('%j', (activation, values, expected) => {
    expectClose(apply(activation, ...values), expected);
  });

  test('softmax over another axis than the last, and over two together', () => {
    const x = ndArray([1, 2, 2], Float64Array.of(0, 1, 2, 3));
    const first = activate(named('softmax', { axis: 1 }), x, 'layer').data;
    expectClose([...first], [0.1192029, 0.1192029, 0.8807971, 0.8807971]);
    const both = activate(named('Softmax', { axis: [1, 2] }), x, 'layer').data;
    expectClose([...both], [0.0320586, 0.0871443, 0.2368828, 0.6439143]);
  });

  test('erf is that of published tables', () => {
    expectClose(
      [0, 0.5, 1, 2, 3.5, -1].map(erf),
      [0, 0.5204998778, 0.8427007929, 0.995322265, 0.9999992569, -0.8427007929],
      10,
    );
    expect(erf(7)).toBe(1);
  });

  test.each([
    ['relu7', /layer 'layer': .*relu7/],
    ['constructor', /layer 'layer': .*constructor/],
    [3, /layer 'layer': activation is a number; it must be/],
    [named('PReLU', {}), /PReLU/],
    [named('relu', { max_value: '6' }), /max_value is '6'; it must be a number/],
    [named('softmax', { axis: 2 }), /axis 2 doesn't exist/],
    ['glu', /glu needs an even axis/],
  ])('%j is refused by name', (activation, message) => {
    expect(() => apply(activation, 1, 2, 3)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => apply(activation, 1, 2, 3)).toThrow(message);
  });
});
