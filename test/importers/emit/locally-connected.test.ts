import { expect, test } from '@jest/globals';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import { expectAgreement, layer, model, numbers, use } from './agreement.js';

const settings = {
  padding: 'valid',
  implementation: 1,
  data_format: 'channels_last',
  use_bias: true,
  activation: 'tanh',
};

test('LocallyConnected1D and 2D', async () => {
  const sequence = numbers([2, 9, 3]);
  const one = layer(
    'LocallyConnected1D',
    { ...settings, kernel_size: [3], strides: [2], filters: 4 },
    { kernel: [4, 9, 4], bias: [4, 4] },
  );
  await expectAgreement(model([sequence], [use(one)], { kerasVersion: '2.15.0' }), [sequence]);
  const image = numbers([2, 5, 6, 3]);
  const two = layer(
    'LocallyConnected2D',
    { ...settings, kernel_size: [2, 3], strides: [1, 2], filters: 4 },
    { kernel: [8, 18, 4], bias: [4, 2, 4] },
  );
  await expectAgreement(model([image], [use(two)], { kerasVersion: '2.15.0' }), [image]);
});

test('refuses other ways to keep its weights', () => {
  const x = numbers([2, 9, 3]);
  const one = layer('LocallyConnected1D', { ...settings, kernel_size: [3], strides: [2], implementation: 2 });
  expect(() => emitModel(model([x], [use(one)]))).toThrow(/implementation/);
  const narrow = layer('LocallyConnected1D', { ...settings, kernel_size: [3], strides: [2] }, { kernel: [5, 9, 4] });
  expect(() => emitModel(model([x], [use(narrow)]))).toThrow(/doesn't fit 4 places of 9 numbers/);
});
