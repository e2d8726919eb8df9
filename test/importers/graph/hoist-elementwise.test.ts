import { expect, test } from '@jest/globals';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import type { Graph } from '../../../lib/importers/graph/graph.js';
import { optimise } from '../../../lib/importers/graph/optimise.js';
import type { KerasLayer, KerasModel } from '../../../lib/importers/keras/keras-model.js';
import { layer, list, model, numbers, result, use } from '../emit/agreement.js';
import { runGraph } from '../run-graph.js';

const ops = ({ nodes }: Graph): string[] =>
  nodes.map(({ op }) => op).filter((op) => op !== 'Const' && op !== 'Placeholder');

function batchNorm(size: number, axis = -1): KerasLayer {
  const names = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
  const made = layer('BatchNormalization', { axis }, Object.fromEntries(names.map((name) => [name, [size]])));
  made.weights.get('moving_variance')?.data.forEach((value, index, data) => {
    data[index] = 0.5 + value * value;
  });
  return made;
}

const conv1d = layer(
  'Conv1D',
  { kernel_size: [3], strides: [1], padding: 'same', use_bias: true, activation: 'linear' },
  { kernel: [3, 4, 5], bias: [5] },
);
const conv3d = layer(
  'Conv3D',
  { kernel_size: [2, 2, 2], strides: [1, 1, 1], padding: 'same', use_bias: true, activation: 'linear' },
  { kernel: [2, 2, 2, 3, 5], bias: [5] },
);
const dense = layer('Dense', { use_bias: true, activation: 'linear' }, { kernel: [4, 5], bias: [5] });
const relu = layer('ReLU', {});

/** What is left of a model after it has answered as the plain one does. */
async function optimised(described: KerasModel, shape: readonly number[]): Promise<string[]> {
  const x = numbers(shape, 1, 3);
  const plain = emitModel(described);
  const better = optimise(plain);
  const [expected] = await runGraph(plain, [x], 'wasm');
  const [found] = await runGraph(better, [x], 'wasm');
  expect(found?.shape).toEqual(expected?.shape);
  expected?.data.forEach((value, index) => {
    expect(Math.abs((found?.data[index] as number) - value)).toBeLessThan(1e-5);
  });
  return ops(better);
}

test('a batch normalization and an activation after a sequence or a volume go into the convolution', async () => {
  const calls = (first: KerasLayer) => [use(first), use(batchNorm(5), [result(0)]), use(relu, [result(1)])];
  const sequence = model([numbers([2, 7, 4])], calls(conv1d));
  expect(await optimised(sequence, [2, 7, 4])).toEqual(['ExpandDims', '_FusedConv2D', 'Squeeze']);
  const rows = model([numbers([2, 7, 4])], calls(dense));
  expect(await optimised(rows, [2, 7, 4])).toEqual(['Reshape', '_FusedMatMul', 'Reshape']);
  const volume = await optimised(model([numbers([2, 3, 4, 4, 3])], calls(conv3d)), [2, 3, 4, 4, 3]);
  expect(volume.slice(-2)).toEqual(['_FusedConv2D', 'Reshape']);
});

test('a transposed convolution takes in what follows its rows of phases', async () => {
  const settings = { kernel_size: [5, 5], strides: [2, 2], padding: 'same', use_bias: true, activation: 'linear' };
  const up = layer('Conv2DTranspose', settings, { kernel: [5, 5, 5, 4], bias: [5] });
  const calls = [use(up), use(batchNorm(5), [result(0)]), use(relu, [result(1)])];
  const left = await optimised(model([numbers([2, 4, 3, 4])], calls), [2, 4, 3, 4]);
  expect(left).toEqual(['PadV2', '_FusedConv2D', 'Reshape', 'Transpose', 'Reshape', 'Slice']);
  // Sizes that are known only at a request are computed from the product itself, which so has more than one use.
  const open = model([numbers([2, 4, 3, 4])], calls, { shapes: [[-1, -1, -1, 4]] });
  expect(await optimised(open, [2, 4, 3, 4])).toContain('_FusedConv2D');
});

test('what others use too stays, and what is not for each channel', async () => {
  const both = [use(conv1d), use(batchNorm(5), [result(0)]), use(layer('Add'), [list(result(0), result(1))])];
  expect(await optimised(model([numbers([2, 7, 4])], both), [2, 7, 4])).toContain('Mul');
  // Five steps and five channels: the steps are normalised.
  const steps = [use(conv1d), use(batchNorm(5, 1), [result(0)])];
  expect(await optimised(model([numbers([2, 5, 4])], steps), [2, 5, 4])).toContain('Mul');
});
