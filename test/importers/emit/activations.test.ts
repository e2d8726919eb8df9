import { describe, expect, test } from '@jest/globals';
import { makeTensor } from '../../../lib/core/tensor.js';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import { expectAgreement, layer, model, numbers, use } from './agreement.js';

// Both sides of every threshold, and where exponentials overflow float32 or cancel.
const values = [-1000, -100, -89, -20, -8, -3.1, -3, -2, -1, -0.9, -0.5, -0.3, -1e-3, -1e-6, 0];
const x = makeTensor('FP32', [2, 15], Float32Array.from([...values, ...values.map((value) => -value)]));
const inRange = makeTensor('FP32', [2, 15], x.data.map((value) => Math.min(20, value)) as Float32Array);

const activation = (value: unknown) => [use(layer('Activation', { activation: value }))];
const named = (class_name: string, config: Record<string, unknown>) => ({ class_name, config });

describe('activations', () => {
  test.each<[unknown]>([
    ['linear'],
    [null],
    ['relu'],
    [named('relu', { max_value: 6 })],
    [named('relu', { max_value: 2.5 })],
    [named('relu', { negative_slope: 0.25 })],
    [named('relu', { threshold: 1 })],
    [named('relu', { threshold: -1 })],
    [named('relu', { negative_slope: 0.25, threshold: 1, max_value: 3 })],
    [named('relu', { negative_slope: 0.25, max_value: 3 })],
    [named('relu', { negative_slope: 0.25, threshold: -1 })],
    ['relu6'],
    ['leaky_relu'],
    [named('leaky_relu', { negative_slope: 0.01 })],
    [named('LeakyReLU', {})],
    [named('LeakyReLU', { negative_slope: 0.1 })],
    [named('LeakyReLU', { alpha: 0.1 })],
    [named('ReLU', { max_value: 4, negative_slope: 0.1, threshold: 0.5 })],
    [named('ELU', { alpha: 0.5 })],
    [named('ThresholdedReLU', { theta: 0.9 })],
    ['elu'],
    [named('elu', { alpha: 1.7 })],
    ['selu'],
    ['celu'],
    [named('celu', { alpha: 2 })],
    ['gelu'],
    [named('gelu', { approximate: true })],
    ['silu'],
    ['swish'],
    ['hard_silu'],
    ['hard_swish'],
    ['mish'],
    ['sigmoid'],
    ['hard_sigmoid'],
    ['hard_sigmoid_02'],
    ['log_sigmoid'],
    ['sparse_sigmoid'],
    ['tanh'],
    ['hard_tanh'],
    ['tanh_shrink'],
    ['softsign'],
    ['softplus'],
    ['squareplus'],
    [named('squareplus', { b: 1 })],
    ['sparse_plus'],
    ['soft_shrink'],
    [named('soft_shrink', { threshold: 1 })],
    ['hard_shrink'],
    [named('hard_shrink', { threshold: 1 })],
    [named('threshold', { threshold: 0.5, default_value: -3 })],
    ['softmax'],
    ['log_softmax'],
    [named('Softmax', { axis: -1 })],
  ])('%j', async (value) => {
    await expectAgreement(model([x], activation(value)), [x], 1e-6);
  });

  test('exponential', () => expectAgreement(model([inRange], activation('exponential')), [inRange], 1e-6));

  test.each([[1], [2], [-2], [3]])('softmax and glu along axis %d', async (axis) => {
    const y = numbers([2, 4, 6, 2], 3, 4);
    for (const name of ['softmax', 'log_softmax', 'glu']) {
      await expectAgreement(model([y], activation(named(name, { axis }))), [y]);
    }
  });

  test.each([
    ['relu7', /activation 'relu7' is not known/],
    ['toString', /activation 'toString' is not known/],
    [named('relu', { max_value: 'six' }), /max_value should be a number, not "six"/],
    [named('elu', { alpha: -1 }), /alpha should be above 0/],
    [named('threshold', {}), /threshold should be a number/],
    [['relu'], /is no settings/],
  ])('refuses %j', (value, message) => {
    expect(() => emitModel(model([x], activation(value)))).toThrow(message);
  });
});
