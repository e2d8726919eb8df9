import type { Tensor } from '../../core/tensor.js';
import { makeTensor } from '../../core/tensor.js';
import { kerasMajor } from '../keras/keras-version.js';
import type { NdArray } from './array.js';
import { convolutions } from './convolution.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';
import { pooling } from './pooling.js';
import { resizing } from './resizing.js';

/** Functions of images, each of which is a layer too. */
export const imageOperations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['resize', resize],
  ['max_pool', (given) => pool(given, 'MaxPooling')],
  ['max_pool2d', (given) => pool(given, 'MaxPooling')],
  ['average_pool', (given) => pool(given, 'AveragePooling')],
  ['avg_pool', (given) => pool(given, 'AveragePooling')],
  ['avg_pool2d', (given) => pool(given, 'AveragePooling')],
  ['conv', (given) => convolve(given, '')],
  ['depthwise_conv', (given) => convolve(given, 'Depthwise')],
]);

type Layers = Readonly<Record<string, LayerFunction>>;

function run(
  given: OperationArguments,
  layers: Layers,
  className: string,
  x: NdArray,
  config: Readonly<Record<string, unknown>>,
  weights: ReadonlyMap<string, Tensor> = new Map(),
): NdArray {
  const layer = { name: given.layerName, className, config, weights, children: new Map() };
  const call: EvaluateCall = { layer, args: [], kwargs: {}, inputs: [x], kerasVersion: given.kerasVersion };
  const compute = layers[className];
  if (compute === undefined) throw given.wrong('the input', 'of 1 to 3 spatial axes', x.shape);
  return compute(call)[0] as NdArray;
}

/** keras.ops.image.resize and tf.image.resize, which call the interpolation `method`. */
function resize(given: OperationArguments): NdArray {
  const [height, width] = given.integers('size') ?? [];
  const config: Record<string, unknown> = {
    height,
    width,
    interpolation: given.text('bilinear', 'interpolation', 'method'),
    antialias: given.flag(false, 'antialias'),
    data_format: formatOf(given),
  };
  for (const field of ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'preserve_aspect_ratio']) {
    if (given.flag(false, field)) throw given.wrong(field, 'false', true);
  }
  return run(given, resizing, 'Resizing', given.array(0, 'images'), config);
}

function pool(given: OperationArguments, kind: string): NdArray {
  const x = given.array(0, 'inputs', 'input');
  const rank = x.shape.length - 2;
  const size = perAxis(given, rank, undefined, 'pool_size', 'ksize');
  const config = {
    pool_size: size,
    strides: perAxis(given, rank, size, 'strides'),
    padding: given.text('valid', 'padding').toLowerCase(),
    data_format: formatOf(given),
  };
  return run(given, pooling, `${kind}${rank}D`, x, config);
}

function convolve(given: OperationArguments, kind: string): NdArray {
  const x = given.array(0, 'inputs', 'input');
  const { shape, data } = given.array(1, 'kernel', 'filters');
  const rank = x.shape.length - 2;
  const ones = Array<number>(Math.max(rank, 0)).fill(1);
  const channels = formatOf(given) === 'channels_first' ? x.shape[1] : x.shape.at(-1);
  const config = {
    kernel_size: shape.slice(0, -2),
    filters: shape.at(-1),
    depth_multiplier: shape.at(-1),
    groups: kind === '' ? (channels ?? 1) / (shape.at(-2) ?? 1) : 1,
    strides: perAxis(given, rank, ones, 'strides'),
    dilation_rate: perAxis(given, rank, ones, 'dilation_rate', 'dilations'),
    padding: given.text('valid', 'padding').toLowerCase(),
    data_format: formatOf(given),
    use_bias: false,
    activation: null,
  };
  const kernel = makeTensor('FP32', shape, Float32Array.from(data));
  return run(given, convolutions, `${kind}Conv${rank}D`, x, config, new Map([['kernel', kernel]]));
}

/** One number an axis, from one for all or from one for each; TensorFlow may give those of batch and channels too. */
function perAxis(given: OperationArguments, rank: number, fallback: readonly number[] | undefined, ...names: string[]) {
  const stated = given.integers(...names) ?? fallback;
  if (stated === undefined) throw given.wrong(names[0] ?? '', 'a number', undefined);
  if (stated.length === 1) return Array<number>(Math.max(rank, 0)).fill(stated[0] ?? 1);
  return stated.length === rank + 2 ? stated.slice(1, -1) : stated;
}

function formatOf(given: OperationArguments): string {
  const stated = given.text(kerasMajor(given.kerasVersion) === 3 ? 'channels_last' : 'NHWC', 'data_format');
  return stated === 'channels_first' || stated.startsWith('NC') ? 'channels_first' : 'channels_last';
}
