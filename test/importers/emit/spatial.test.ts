import { describe, expect, test } from '@jest/globals';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import { expectAgreement, layer, model, numbers, use } from './agreement.js';

type Config = Record<string, unknown>;
type Weights = Record<string, readonly number[]>;

/** A layer on an input of fixed size, and on one whose spatial sizes are known only at a request. */
async function holds(
  className: string,
  config: Config,
  shape: readonly number[],
  weights: Weights = {},
  { anySize = true, tolerance = 5e-6 } = {},
): Promise<void> {
  const x = numbers(shape, 1, 3);
  const full = { data_format: 'channels_last', ...config };
  const calls = [use(layer(className, full, weights))];
  await expectAgreement(model([x], calls), [x], tolerance);
  if (!anySize) return;
  const first = full.data_format === 'channels_first';
  const open = shape.map((size, axis) => (axis === (first ? 1 : shape.length - 1) ? size : -1));
  await expectAgreement(model([x], calls, { shapes: [open] }), [x], tolerance);
}

describe('Conv2D', () => {
  const base = {
    filters: 4,
    kernel_size: [3, 2],
    strides: [1, 1],
    dilation_rate: [1, 1],
    groups: 1,
    padding: 'valid',
    use_bias: true,
    activation: 'linear',
  };
  const shape = [2, 9, 8, 3];
  test.each<[Config, boolean?]>([
    [{}],
    [{ padding: 'same' }],
    [{ padding: 'same', kernel_size: [4, 4] }],
    [{ padding: 'same', kernel_size: [4, 4], strides: [2, 2] }],
    [{ padding: 'same', strides: [2, 1] }],
    [{ strides: [2, 3] }],
    [{ padding: 'same', dilation_rate: [2, 1] }],
    [{ padding: 'same', kernel_size: [1, 1], strides: [2, 2] }],
    // A stride beyond the kernel, whose padding XNNPACK does otherwise.
    [{ padding: 'same', strides: [4, 3] }, false],
    [{ padding: 'same', kernel_size: [4, 1], strides: [1, 2] }],
    [{ padding: 'same', strides: [2, 2], dilation_rate: [2, 2] }, false],
    [{ strides: [2, 1], dilation_rate: [1, 3] }],
    [{ use_bias: false, activation: 'relu' }],
    [{ activation: 'softmax' }],
    [{ activation: { class_name: 'LeakyReLU', config: { negative_slope: 0.2 } } }],
  ])('%j', async (config, anySize = true) => {
    const all = { ...base, ...config };
    await holds('Conv2D', all, shape, { kernel: [...all.kernel_size, 3, 4], bias: [4] }, { anySize });
  });

  test.each<[Config]>([[{}], [{ padding: 'same', strides: [1, 2], kernel_size: [3, 3] }], [{ activation: 'softmax' }]])(
    'channels first %j',
    async (config) => {
      const all = { ...base, ...config, data_format: 'channels_first' };
      await holds('Conv2D', all, [2, 3, 9, 13], { kernel: [...all.kernel_size, 3, 4], bias: [4] });
    },
  );

  test.each([
    [2, 6],
    [3, 6],
    [6, 6],
    [6, 12],
  ])('%d groups of %d filters', async (groups, filters) => {
    const weights = { kernel: [3, 2, 6 / groups, filters], bias: [filters] };
    for (const padding of ['valid', 'same']) {
      await holds('Conv2D', { ...base, groups, filters, padding, strides: [2, 2] }, [2, 7, 6, 6], weights);
    }
  });
});

describe('Conv1D', () => {
  const base = {
    filters: 4,
    kernel_size: [3],
    strides: [1],
    dilation_rate: [1],
    groups: 1,
    padding: 'valid',
    use_bias: true,
    activation: 'relu',
  };
  test.each<[Config]>([
    [{}],
    [{ padding: 'same' }],
    [{ padding: 'causal' }],
    [{ padding: 'causal', dilation_rate: [3], kernel_size: [2] }],
    [{ padding: 'causal', strides: [2] }],
    [{ padding: 'same', strides: [2], kernel_size: [4] }],
    [{ padding: 'same', strides: [3], kernel_size: [1] }],
    [{ groups: 3, filters: 6 }],
    [{ padding: 'same', activation: 'softmax', data_format: 'channels_first' }],
  ])('%j', async (config) => {
    const all = { ...base, data_format: 'channels_last', ...config };
    const first = all.data_format === 'channels_first';
    const weights = { kernel: [...all.kernel_size, 3 / all.groups, all.filters], bias: [all.filters] };
    await holds('Conv1D', all, first ? [2, 3, 11] : [2, 11, 3], weights);
  });
});

describe('Conv3D', () => {
  const base = {
    filters: 4,
    kernel_size: [3, 2, 1],
    strides: [1, 1, 1],
    dilation_rate: [1, 1, 1],
    groups: 1,
    padding: 'valid',
    use_bias: true,
    activation: 'relu',
  };
  test.each<[Config, boolean?]>([
    [{}],
    [{ padding: 'same' }],
    [{ strides: [2, 1, 3] }],
    [{ padding: 'same', strides: [2, 2, 1] }, false],
    [{ padding: 'same', dilation_rate: [2, 1, 2], kernel_size: [2, 2, 2] }],
    [{ groups: 2, filters: 6, padding: 'same' }],
    [{ data_format: 'channels_first', activation: 'softmax' }],
  ])('%j', async (config, anySize = true) => {
    const all = { ...base, data_format: 'channels_last', ...config };
    const first = all.data_format === 'channels_first';
    const weights = { kernel: [...all.kernel_size, 2 / all.groups, all.filters], bias: [all.filters] };
    await holds('Conv3D', all, first ? [2, 2, 6, 5, 7] : [2, 6, 5, 4, 2], weights, { anySize });
  });
});

describe('depthwise and separable convolution', () => {
  const base = {
    kernel_size: [3, 3],
    strides: [1, 1],
    dilation_rate: [1, 1],
    padding: 'valid',
    use_bias: true,
    activation: 'relu6',
  };
  test.each<[number, Config, boolean?]>([
    [1, {}],
    [3, { padding: 'same' }],
    [2, { strides: [2, 2], padding: 'same' }],
    [2, { strides: [1, 2], padding: 'same' }],
    [2, { dilation_rate: [2, 3], padding: 'same' }],
    [1, { strides: [2, 2], dilation_rate: [2, 2], padding: 'same' }, false],
    [2, { data_format: 'channels_first' }],
  ])('multiplier %d, %j', async (multiplier, config, anySize = true) => {
    const all = { ...base, depth_multiplier: multiplier, data_format: 'channels_last', ...config };
    const shape = all.data_format === 'channels_first' ? [2, 3, 9, 10] : [2, 9, 8, 3];
    await holds('DepthwiseConv2D', all, shape, { kernel: [3, 3, 3, multiplier], bias: [3 * multiplier] }, { anySize });
    const kernels = { depthwise_kernel: [3, 3, 3, multiplier], pointwise_kernel: [1, 1, 3 * multiplier, 5], bias: [5] };
    await holds('SeparableConv2D', { ...all, filters: 5 }, shape, kernels, { anySize });
  });

  test.each<[Config]>([[{}], [{ padding: 'same', strides: [2] }], [{ dilation_rate: [2] }]])(
    'over time %j',
    async (config) => {
      const all = { ...base, kernel_size: [3], strides: [1], dilation_rate: [1], depth_multiplier: 2, ...config };
      await holds('DepthwiseConv1D', all, [2, 9, 3], { kernel: [3, 3, 2], bias: [6] });
      const kernels = { depthwise_kernel: [3, 3, 2], pointwise_kernel: [1, 6, 5], bias: [5] };
      await holds('SeparableConv1D', { ...all, filters: 5 }, [2, 9, 3], kernels);
    },
  );
});

describe('transposed convolution', () => {
  const base = { filters: 4, padding: 'valid', output_padding: null, use_bias: true, activation: 'relu' };
  const options: [number, number, number, string, number | null][] = [];
  for (const padding of ['valid', 'same']) {
    for (const [size, stride] of [
      [3, 1],
      [3, 2],
      [4, 2],
      [5, 3],
      [2, 3],
      [1, 2],
      [2, 2],
      [7, 2],
    ] as const) {
      options.push([size, stride, 1, padding, null]);
    }
    options.push([3, 2, 1, padding, 1], [5, 3, 1, padding, 2], [3, 1, 2, padding, null], [2, 1, 3, padding, null]);
  }
  test.each(options)(
    'kernel %d, stride %d, dilation %d, %s, output padding %j',
    async (size, stride, dilation, padding, more) => {
      for (const rank of [1, 2]) {
        const each = (value: number) => Array<number>(rank).fill(value);
        const config = {
          ...base,
          padding,
          kernel_size: each(size),
          strides: each(stride),
          dilation_rate: each(dilation),
          output_padding: more === null ? null : each(more),
        };
        const shape = [2, 5, 4].slice(0, rank + 1);
        await holds(`Conv${rank}DTranspose`, config, [...shape, 3], { kernel: [...each(size), 4, 3], bias: [4] });
      }
    },
  );

  test('uneven, channels first, and volumes', async () => {
    const uneven = { kernel_size: [3, 4], strides: [1, 2], dilation_rate: [1, 1], padding: 'same' };
    await holds('Conv2DTranspose', { ...base, ...uneven }, [2, 5, 4, 3], { kernel: [3, 4, 4, 3], bias: [4] });
    const first = { ...base, ...uneven, data_format: 'channels_first' };
    await holds('Conv2DTranspose', first, [2, 3, 5, 7], { kernel: [3, 4, 4, 3], bias: [4] });
    for (const padding of ['valid', 'same']) {
      const volume = { kernel_size: [3, 2, 3], strides: [2, 1, 2], dilation_rate: [1, 1, 1], padding };
      await holds('Conv3DTranspose', { ...base, ...volume }, [2, 3, 4, 2, 3], { kernel: [3, 2, 3, 4, 3], bias: [4] });
    }
  });

  test('refuses a size that Keras computes and TensorFlow refuses', () => {
    const config = {
      ...base,
      padding: 'same',
      kernel_size: [4, 4],
      strides: [2, 2],
      dilation_rate: [1, 1],
      output_padding: [0, 0],
    };
    const x = numbers([1, 4, 4, 3]);
    const calls = [use(layer('Conv2DTranspose', config, { kernel: [4, 4, 4, 3], bias: [4] }))];
    expect(() => emitModel(model([x], calls))).toThrow(/yield no size/);
  });
});

describe('pooling', () => {
  const shapes = [
    [2, 9, 3],
    [2, 9, 7, 3],
    [2, 6, 5, 7, 3],
  ];
  test.each(['Max', 'Average'])('%sPooling', async (kind) => {
    for (const [index, shape] of shapes.entries()) {
      const rank = index + 1;
      const each = (value: number) => Array<number>(rank).fill(value);
      for (const padding of ['valid', 'same']) {
        for (const [size, stride] of [
          [2, 2],
          [3, 1],
          [3, 2],
          [1, 2],
          [2, 3],
        ] as const) {
          const config = { pool_size: each(size), strides: each(stride), padding };
          await holds(`${kind}Pooling${rank}D`, config, shape);
        }
        const first = { pool_size: each(2), strides: null, padding, data_format: 'channels_first' };
        await holds(`${kind}Pooling${rank}D`, { ...first, strides: each(2) }, shape);
      }
    }
  });

  test('is right below 0, and refuses windows that do not fit', async () => {
    const x = numbers([1, 4, 4, 4, 2]);
    x.data.forEach((value, index) => {
      x.data[index] = value - 5;
    });
    const config = { pool_size: [2, 2, 2], strides: [2, 2, 2], padding: 'same', data_format: 'channels_last' };
    await expectAgreement(model([x], [use(layer('MaxPooling3D', config))]), [x], 0);
    const wide = { ...config, pool_size: [5, 2, 2], padding: 'valid' };
    expect(() => emitModel(model([x], [use(layer('MaxPooling3D', wide))]))).toThrow(/a window of 5 doesn't fit into 4/);
  });

  test.each(['GlobalMaxPooling', 'GlobalAveragePooling'])('%s', async (kind) => {
    for (const [index, shape] of shapes.entries()) {
      for (const keepdims of [false, true]) {
        await holds(`${kind}${index + 1}D`, { keepdims }, shape);
        await holds(`${kind}${index + 1}D`, { keepdims, data_format: 'channels_first' }, shape);
      }
    }
  });

  test.each(['AdaptiveMaxPooling', 'AdaptiveAveragePooling'])('%s', async (kind) => {
    for (const [index, shape] of shapes.entries()) {
      const output_size = [4, 2, 7].slice(0, index + 1);
      await holds(`${kind}${index + 1}D`, { output_size }, shape, {}, { anySize: false });
    }
    await holds(
      `${kind}2D`,
      { output_size: [2, 3], data_format: 'channels_first' },
      [2, 3, 5, 7],
      {},
      { anySize: false },
    );
  });
});

describe('normalization', () => {
  const weights = (size: number, ...names: string[]) => Object.fromEntries(names.map((name) => [name, [size]]));
  const shape = [2, 5, 4, 6];
  test.each<[string, Config, Weights]>([
    ['LayerNormalization', { axis: -1, epsilon: 1e-3 }, weights(6, 'gamma', 'beta')],
    ['LayerNormalization', { axis: [1], epsilon: 1e-6, center: false }, weights(5, 'gamma')],
    ['LayerNormalization', { axis: [1, 3], scale: false }, { beta: [5, 6] }],
    ['LayerNormalization', { axis: [1, 2, 3] }, { gamma: [5, 4, 6], beta: [5, 4, 6] }],
    ['LayerNormalization', { axis: [3], rms_scaling: true }, weights(6, 'gamma')],
    ['GroupNormalization', { groups: 3, axis: -1, epsilon: 1e-3 }, weights(6, 'gamma', 'beta')],
    ['GroupNormalization', { groups: -1, axis: 3, scale: false }, weights(6, 'beta')],
    ['GroupNormalization', { groups: 5, axis: 1, center: false }, weights(5, 'gamma')],
    ['RMSNormalization', { axis: -1, epsilon: 1e-6 }, weights(6, 'scale')],
    ['RMSNormalization', { axis: [1, 2] }, { scale: [5, 4] }],
    ['UnitNormalization', { axis: -1 }, {}],
    ['UnitNormalization', { axis: [1, 2] }, {}],
    ['Normalization', { axis: -1 }, weights(6, 'mean')],
    ['Normalization', { axis: [1, 3], invert: true }, { mean: [5, 6] }],
    ['Normalization', { axis: null, mean: 0.5, variance: 4 }, {}],
    ['Normalization', { axis: -1, mean: [1, 2, 3, 4, 5, 6], variance: [1, 2, 3, 4, 5, 0] }, {}],
    ['Rescaling', { scale: 1 / 255, offset: -1 }, {}],
    ['Rescaling', { scale: [1, 2, 3, 4, 5, 6], offset: [0, 1, 0, 1, 0, 1] }, {}],
  ])('%s %j', async (className, config, shapes) => {
    const x = numbers(shape, 1, 3);
    const made = layer(className, config, shapes);
    const mean = made.weights.get('mean');
    const squares = mean && new Map(made.weights).set('variance', numbers(mean.shape, 8));
    squares?.get('variance')?.data.forEach((value, index, data) => {
      data[index] = value * value;
    });
    const calls = [use(squares === undefined ? made : { ...made, weights: squares })];
    await expectAgreement(model([x], calls), [x], 5e-6);
  });

  test.each([[-1], [1], [2]])('BatchNormalization along axis %d', async (axis) => {
    const x = numbers(shape, 1, 3);
    const size = shape.at(axis) as number;
    for (const [scale, center] of [
      [true, true],
      [false, true],
      [true, false],
    ] as const) {
      const made = layer(
        'BatchNormalization',
        { axis, epsilon: 1e-3, scale, center },
        weights(size, 'gamma', 'beta', 'moving_mean', 'moving_variance'),
      );
      made.weights.get('moving_variance')?.data.forEach((value, index, data) => {
        data[index] = value * value;
      });
      await expectAgreement(model([x], [use(made)]), [x], 5e-6);
    }
  });

  test('refuses weights of other sizes', () => {
    const x = numbers(shape);
    const narrow = layer('LayerNormalization', { axis: -1 }, weights(5, 'gamma', 'beta'));
    expect(() => emitModel(model([x], [use(narrow)]))).toThrow(
      /weights of shape \[5\] don't fit its input \[-1,5,4,6\]/,
    );
    const twice = layer('GroupNormalization', { groups: 4 }, weights(6, 'gamma', 'beta'));
    expect(() => emitModel(model([x], [use(twice)]))).toThrow(/can't be divided into 4 groups/);
  });
});

describe('borders and sizes', () => {
  test.each<[string, Config, readonly number[], boolean?]>([
    ['Cropping1D', { cropping: [1, 2] }, [2, 7, 3]],
    [
      'Cropping2D',
      {
        cropping: [
          [1, 2],
          [0, 3],
        ],
      },
      [2, 6, 7, 3],
    ],
    [
      'Cropping2D',
      {
        cropping: [
          [1, 0],
          [0, 3],
        ],
        data_format: 'channels_first',
      },
      [2, 3, 6, 7],
    ],
    [
      'Cropping3D',
      {
        cropping: [
          [1, 0],
          [0, 3],
          [1, 1],
        ],
      },
      [2, 3, 6, 7, 2],
    ],
    ['ZeroPadding1D', { padding: [1, 2] }, [2, 7, 3]],
    [
      'ZeroPadding2D',
      {
        padding: [
          [1, 2],
          [0, 3],
        ],
      },
      [2, 4, 3, 2],
    ],
    [
      'ZeroPadding2D',
      {
        padding: [
          [1, 2],
          [0, 3],
        ],
        data_format: 'channels_first',
      },
      [2, 2, 4, 3],
    ],
    [
      'ZeroPadding3D',
      {
        padding: [
          [1, 2],
          [0, 3],
          [1, 1],
        ],
      },
      [2, 2, 4, 3, 2],
    ],
    ['UpSampling1D', { size: [3] }, [2, 4, 3]],
    ['UpSampling2D', { size: [2, 3], interpolation: 'nearest' }, [2, 4, 3, 2]],
    ['UpSampling2D', { size: [2, 3], interpolation: 'bilinear' }, [2, 4, 3, 2]],
    ['UpSampling2D', { size: [2, 3], interpolation: 'bilinear', data_format: 'channels_first' }, [2, 2, 4, 3]],
    ['UpSampling3D', { size: [2, 1, 3] }, [2, 3, 2, 2, 2]],
    ['Resizing', { height: 7, width: 3, interpolation: 'bilinear' }, [2, 5, 6, 2]],
    ['Resizing', { height: 7, width: 3, interpolation: 'nearest' }, [2, 5, 6, 2]],
    ['Resizing', { height: 7, width: 3, interpolation: 'bicubic' }, [2, 5, 6, 2], false],
    ['Resizing', { height: 3, width: 9, interpolation: 'area' }, [2, 5, 6, 2], false],
    ['Resizing', { height: 3, width: 9, interpolation: 'lanczos3', antialias: true }, [2, 5, 6, 2], false],
    ['UpSampling2D', { size: [2, 3], interpolation: 'lanczos5', data_format: 'channels_first' }, [2, 2, 4, 3], false],
    ['Resizing', { height: 3, width: 4, crop_to_aspect_ratio: true }, [2, 7, 6, 2], false],
    ['Resizing', { height: 3, width: 4, pad_to_aspect_ratio: true, fill_value: 2 }, [2, 7, 6, 2], false],
    ['AutoContrast', { value_range: [0, 255] }, [2, 6, 7, 2]],
    ['AutoContrast', { value_range: [-3, 3] }, [2, 6, 7, 2]],
    ['AutoContrast', { value_range: [0, 1] }, [2, 1, 1, 2]],
    ['CenterCrop', { height: 3, width: 4 }, [2, 6, 7, 2], false],
    ['CenterCrop', { height: 8, width: 4 }, [2, 6, 7, 2], false],
  ])('%s %j', async (className, config, shape, anySize = true) => {
    await holds(className, config, shape, {}, { anySize });
  });

  test('refuses interpolations that TensorFlow.js has no op for where images are of any size', () => {
    const x = numbers([1, 4, 4, 2]);
    const calls = [use(layer('Resizing', { height: 3, width: 3, interpolation: 'bicubic' }))];
    expect(() => emitModel(model([x], calls, { shapes: [[-1, -1, -1, 2]] }))).toThrow(/needs images of one known size/);
  });

  test.each(['2.2.4-tf', '2.3.1', 'tfjs-layers 4.22.0'])('refuses bilinear up-sampling of %s', (kerasVersion) => {
    const x = numbers([1, 4, 4, 2]);
    const calls = (interpolation: string) => [use(layer('UpSampling2D', { size: [2, 2], interpolation }))];
    expect(() => emitModel(model([x], calls('bilinear'), { kerasVersion }))).toThrow(/corners or centres of pixels/);
    expect(() => emitModel(model([x], calls('bilinear'), { kerasVersion: '2.15.0' }))).not.toThrow();
    expect(() => emitModel(model([x], calls('nearest'), { kerasVersion }))).not.toThrow();
  });

  test('refuses what leaves nothing', () => {
    const x = numbers([1, 4, 2]);
    const calls = [use(layer('Cropping1D', { cropping: [2, 2] }))];
    expect(() => emitModel(model([x], calls))).toThrow(/nothing is left of \[-1,4,2\]/);
  });
});
