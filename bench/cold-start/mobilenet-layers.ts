import { createRandom } from '../../lib/core/random.js';
import { elementCount } from '../../lib/core/tensor.js';
import type { Layer, Weight } from './layers-model.js';

/** Expansion, channels, repeats, stride of the first: table 2 of "MobileNetV2: Inverted Residuals and Linear Bottlenecks". */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
const side = 224;
const classes = 1000;

/** MobileNetV2 at 224 × 224 with Keras' layers, 3.5 million parameters: 14 MB. Its weights are random, always the same ones. */
export function mobilenetLayers(): readonly Layer[] {
  const layers: Layer[] = [];
  const random = createRandom(2018);
  const spread = (shape: readonly number[], middle: number, width: number): Float32Array =>
    Float32Array.from({ length: elementCount(shape) }, () => middle + width * (2 * random() - 1));

  function add(
    className: string,
    name: string,
    inputs: readonly string[],
    config: Layer['config'],
    weights: readonly Weight[] = [],
  ): string {
    layers.push({ className, name, inputs, config, weights });
    return name;
  }
  /** Uniform with the variance 2 / fan-in, which keeps activations at one size through rectified layers (He et al. 2015). */
  const kernel = (name: string, shape: readonly number[], fanIn: number): Weight => ({
    name,
    shape,
    values: spread(shape, 0, Math.sqrt(6 / fanIn)),
  });
  function normalize(name: string, input: string, channels: number): string {
    const weights = [
      ['gamma', 1, 0.2],
      ['beta', 0, 0.2],
      ['moving_mean', 0, 0.2],
      ['moving_variance', 1, 0.3],
    ] as const;
    return add(
      'BatchNormalization',
      name,
      [input],
      { axis: [3], epsilon: 0.001 },
      weights.map(([part, middle, width]) => ({
        name: `${name}/${part}`,
        shape: [channels],
        values: spread([channels], middle, width),
      })),
    );
  }
  const relu6 = (name: string, input: string): string => add('ReLU', name, [input], { max_value: 6 });
  function convolve(name: string, input: string, from: number, to: number, size: number, stride: number): string {
    const config = {
      filters: to,
      kernel_size: [size, size],
      strides: [stride, stride],
      padding: 'same',
      use_bias: false,
    };
    const weights = [kernel(`${name}/kernel`, [size, size, from, to], size * size * from)];
    return normalize(`${name}_BN`, add('Conv2D', name, [input], config, weights), to);
  }
  function convolveEach(name: string, input: string, channels: number, stride: number): string {
    const config = { kernel_size: [3, 3], strides: [stride, stride], padding: 'same', use_bias: false };
    const weights = [kernel(`${name}/depthwise_kernel`, [3, 3, channels, 1], 9)];
    return normalize(`${name}_BN`, add('DepthwiseConv2D', name, [input], config, weights), channels);
  }

  let channels = 32;
  const image = add('InputLayer', 'image', [], { batch_input_shape: [null, side, side, 3], dtype: 'float32' });
  let last = relu6('Conv1_relu', convolve('Conv1', image, 3, channels, 3, 2));
  let block = 0;
  for (const [expansion, to, repeats, stride] of stages) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = `block_${block++}`;
      const [input, from, wide] = [last, channels, channels * expansion];
      if (expansion > 1) last = relu6(`${name}_expand_relu`, convolve(`${name}_expand`, last, from, wide, 1, 1));
      last = convolveEach(`${name}_depthwise`, last, wide, repeat === 0 ? stride : 1);
      last = convolve(`${name}_project`, relu6(`${name}_depthwise_relu`, last), wide, to, 1, 1);
      if (repeat > 0) last = add('Add', `${name}_add`, [input, last], {});
      channels = to;
    }
  }
  last = relu6('out_relu', convolve('Conv_1', last, channels, 1280, 1, 1));
  last = add('GlobalAveragePooling2D', 'pool', [last], { data_format: 'channels_last' });
  add('Dense', 'probabilities', [last], { units: classes, activation: 'softmax', use_bias: true }, [
    kernel('probabilities/kernel', [1280, classes], 1280),
    { name: 'probabilities/bias', shape: [classes], values: spread([classes], 0, 0.2) },
  ]);
  return layers;
}
