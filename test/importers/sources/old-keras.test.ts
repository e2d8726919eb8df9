import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { KerasModel } from '../../../lib/importers/keras/keras-model.js';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { describeModel } from './describe-model.js';
import { temporaryFolder } from './temporary-folder.js';
import { type DatasetSpec, type Hdf5Spec, kerasH5, writeHdf5 } from './write-hdf5.js';

const folder = temporaryFolder();

async function read(spec: Hdf5Spec): Promise<KerasModel> {
  const path = join(folder, 'model.h5');
  writeHdf5(path, spec);
  const source = await readSource(path);
  if (source.kind !== 'keras') throw new Error('no Keras model');
  return source.model;
}

const filled = (shape: readonly number[], value: number): DatasetSpec => ({
  shape,
  data: Array(shape.reduce((a, b) => a * b, 1)).fill(value),
});

describe('Keras 1', () => {
  const convolution = {
    class_name: 'Convolution2D',
    config: {
      name: 'c',
      nb_filter: 2,
      nb_row: 2,
      nb_col: 3,
      border_mode: 'same',
      subsample: [1, 2],
      dim_ordering: 'th',
      bias: true,
      activation: 'hard_sigmoid',
      init: 'glorot_uniform',
      batch_input_shape: [null, 1, 4, 6],
    },
  };
  const weights = { c: { c_W: { shape: [2, 1, 2, 3] }, c_b: { shape: [2] } } };

  test('names of settings become those of today, and kernels lie as those of today', async () => {
    const model = await read(kerasH5('1.2.2', { class_name: 'Sequential', config: [convolution] }, weights));
    expect(describeModel(model)).toBe('1.2.2 c_input:FP32[-1,1,4,6] → Conv2D(kernel,bias) → c');
    expect(model.calls[0]?.layer.config).toMatchObject({
      filters: 2,
      kernel_size: [2, 3],
      strides: [1, 2],
      padding: 'same',
      data_format: 'channels_first',
      use_bias: true,
      activation: 'hard_sigmoid_02',
    });
    // Stored [out, in, rows, columns] = 0 … 11; today [rows, columns, in, out].
    const kernel = model.calls[0]?.layer.weights.get('kernel');
    expect(kernel?.shape).toEqual([2, 3, 1, 2]);
    expect([...(kernel?.data ?? [])]).toEqual([0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
  });

  test("Theano's kernels are turned round", async () => {
    const model = await read(kerasH5('1.2.2', { class_name: 'Sequential', config: [convolution] }, weights, 'theano'));
    expect([...(model.calls[0]?.layer.weights.get('kernel')?.data ?? [])]).toEqual([
      5, 11, 4, 10, 3, 9, 2, 8, 1, 7, 0, 6,
    ]);
  });

  test.each([
    // Gates as they are stored, and as they lie side by side today.
    ['LSTM', ['i', 'c', 'f', 'o'], [1, 3, 2, 4]],
    ['GRU', ['z', 'r', 'h'], [1, 2, 3]],
  ])('%s: an array for each gate', async (className, gates, order) => {
    const layer = {
      class_name: className,
      config: {
        name: 'r',
        output_dim: 1,
        activation: 'tanh',
        inner_activation: 'hard_sigmoid',
        return_sequences: true,
        batch_input_shape: [null, 5, 2],
      },
    };
    const own = Object.fromEntries(
      gates.flatMap((gate, index) => [
        [`r_W_${gate}`, filled([2, 1], index + 1)],
        [`r_U_${gate}`, filled([1, 1], 10 * (index + 1))],
        [`r_b_${gate}`, filled([1], 100 * (index + 1))],
      ]),
    );
    const model = await read(kerasH5('1.1.0', { class_name: 'Sequential', config: [layer] }, { r: own }));
    const { config, weights: read1 } = model.calls[0]?.layer ?? { config: {}, weights: new Map() };
    expect(config).toMatchObject({ units: 1, activation: 'tanh', recurrent_activation: 'hard_sigmoid_02' });
    expect([...read1.get('kernel').data]).toEqual([...order, ...order]);
    expect([...read1.get('recurrent_kernel').data]).toEqual(order.map((gate) => 10 * gate));
    expect([...read1.get('bias').data]).toEqual(order.map((gate) => 100 * gate));
  });

  test('Merge becomes the layer of its mode, in a functional model with a shared layer', async () => {
    const input = (name: string) => ({
      class_name: 'InputLayer',
      name,
      config: { name, batch_input_shape: [null, 3], input_dtype: 'float32' },
      inbound_nodes: [],
    });
    const config = {
      name: 'm',
      layers: [
        input('a'),
        input('b'),
        {
          class_name: 'Dense',
          name: 'd',
          config: { name: 'd', output_dim: 2, activation: 'linear', bias: false },
          inbound_nodes: [[['a', 0, 0]], [['b', 0, 0]]],
        },
        {
          class_name: 'Merge',
          name: 'j',
          config: { name: 'j', mode: 'concat', concat_axis: -1, dot_axes: -1, layers: [] },
          inbound_nodes: [
            [
              ['d', 1, 0],
              ['d', 0, 0],
            ],
          ],
        },
      ],
      input_layers: [
        ['a', 0, 0],
        ['b', 0, 0],
      ],
      output_layers: [
        ['j', 0, 0],
        ['d', 0, 0],
        ['j', 0, 0],
      ],
    };
    const model = await read(kerasH5(undefined, { class_name: 'Model', config }, { d: { d_W: { shape: [3, 2] } } }));
    expect(describeModel(model)).toBe(
      '1 a:FP32[-1,3] b:FP32[-1,3] → Dense(kernel) Dense(kernel) Concatenate → j d j_1',
    );
    expect(model.calls[0]?.layer).toBe(model.calls[1]?.layer);
    const both = model.calls[2]?.args[0];
    const joined = both?.kind === 'list' ? both.items.map((item) => item.kind === 'value' && item.ref) : [];
    const fed = model.calls.map(({ args }) => args[0]);
    expect(joined.map((ref) => ref && 'call' in ref && fed[ref.call])).toEqual([
      { kind: 'value', ref: { input: 1 } },
      { kind: 'value', ref: { input: 0 } },
    ]);
  });

  test('what has no equal today keeps its class', async () => {
    const maxout = { class_name: 'MaxoutDense', config: { name: 'x', output_dim: 2, batch_input_shape: [null, 3] } };
    const model = await read(
      kerasH5('1.2.2', { class_name: 'Sequential', config: [maxout] }, { x: { x_W: { shape: [4, 3, 2] } } }),
    );
    expect(describeModel(model)).toBe('1.2.2 x_input:FP32[-1,3] → MaxoutDense → x');
  });
});

describe('cuDNN layers', () => {
  test("an LSTM's kernels are laid out anew, its biases added", async () => {
    const layer = {
      class_name: 'CuDNNLSTM',
      config: { name: 'r', units: 2, return_sequences: false, batch_input_shape: [null, 5, 3] },
    };
    const own = {
      'r/kernel:0': { shape: [3, 8] },
      'r/recurrent_kernel:0': { shape: [2, 8] },
      'r/bias:0': { shape: [16] },
    };
    const model = await read(kerasH5('2.2.4', { class_name: 'Sequential', config: [layer] }, { r: own }));
    expect(describeModel(model)).toBe('2.2.4 r_input:FP32[-1,5,3] → LSTM(kernel,recurrent_kernel,bias) → r');
    const { config, weights } = model.calls[0]?.layer ?? { config: {}, weights: new Map() };
    expect(config).toMatchObject({ activation: 'tanh', recurrent_activation: 'sigmoid' });
    // Gate 0 is [[0, 1], [8, 9], [16, 17]]: in row order 0 1 8 9 16 17, laid down column by column.
    const kernel = [...weights.get('kernel').data];
    expect([0, 1, 8, 9, 16, 17].map((at) => kernel[at])).toEqual([0, 9, 1, 16, 8, 17]);
    // Its state kernel [[0, 1], [8, 9]] is transposed.
    const recurrent = [...weights.get('recurrent_kernel').data];
    expect([0, 1, 8, 9].map((at) => recurrent[at])).toEqual([0, 8, 1, 9]);
    expect([...weights.get('bias').data]).toEqual([8, 10, 12, 14, 16, 18, 20, 22]);
  });

  test("a GRU's two biases become two rows", async () => {
    const layer = { class_name: 'CuDNNGRU', config: { name: 'r', units: 1, batch_input_shape: [null, 5, 1] } };
    const own = {
      'r/kernel:0': { shape: [1, 3] },
      'r/recurrent_kernel:0': { shape: [1, 3] },
      'r/bias:0': { shape: [6] },
    };
    const model = await read(kerasH5('2.2.4', { class_name: 'Sequential', config: [layer] }, { r: own }));
    expect(model.calls[0]?.layer.config).toMatchObject({ reset_after: true });
    expect(model.calls[0]?.layer.weights.get('bias')).toMatchObject({ shape: [2, 3] });
  });
});
