import { makeTensor } from '../../../core/tensor.js';
import * as attribute from '../../graph/attributes.js';
import type { GraphValue } from '../../graph/graph-builder.js';
import type { KerasLayer } from '../../keras/keras-model.js';
import { emitCall } from '../emit.js';
import { integerOf, integersOf, type Operation, type OperationEmitter } from './operation.js';

/** What a layer of this class and these settings does to the operation's first operand. */
function asLayer(
  { graph, call, operand }: Operation,
  className: string,
  config: KerasLayer['config'],
  weights: KerasLayer['weights'] = new Map(),
): readonly GraphValue[] {
  const x = operand(0, 'inputs', 'images', 'input', 'x', 'value');
  const layer: KerasLayer = { ...call.layer, className, config, weights };
  return emitCall(graph, { ...call, layer, args: [{ kind: 'value', value: x }], kwargs: {}, inputs: [x] });
}

/** Places between the batch and the channels: 2 for images. */
const spatialRank = ({ operand }: Operation): number => operand(0, 'inputs', 'images', 'input', 'x').shape.length - 2;

/** One number for all places, or one for each; TensorFlow may also give those of the batch and the channels. */
function forPlaces(value: unknown, rank: number): number[] {
  if (typeof value === 'number') return Array<number>(rank).fill(integerOf(value));
  const sizes = integersOf(value);
  if (sizes.length === rank) return [...sizes];
  if (sizes.length === 1) return Array<number>(rank).fill(sizes[0] as number);
  if (sizes.length === rank + 2 && sizes[0] === 1 && sizes.at(-1) === 1) return sizes.slice(1, -1);
  throw new RangeError(`${JSON.stringify(value)} doesn't fit ${rank} axes`);
}

/** `NCHW` and `channels_first` are the same. */
function dataFormat({ setting }: Operation): string {
  const given = String(setting('data_format') ?? 'channels_last');
  return given === 'channels_first' || given.startsWith('NC') ? 'channels_first' : 'channels_last';
}

const padding = (operation: Operation): string => String(operation.settingAt(3, 'padding') ?? 'valid').toLowerCase();

/** keras.ops.image.resize and tf.image.resize: as the layer Resizing. */
const resize: OperationEmitter = (operation) => {
  const { setting, settingAt } = operation;
  const [height, width] = integersOf(settingAt(1, 'size'));
  if (setting('preserve_aspect_ratio') === true) throw new RangeError('preserve_aspect_ratio is not supported');
  return asLayer(operation, 'Resizing', {
    height,
    width,
    interpolation: String(settingAt(2, 'interpolation', 'method') ?? 'bilinear').toLowerCase(),
    antialias: setting('antialias') === true,
    crop_to_aspect_ratio: setting('crop_to_aspect_ratio') === true,
    pad_to_aspect_ratio: setting('pad_to_aspect_ratio') === true,
    fill_mode: setting('fill_mode') ?? 'constant',
    fill_value: setting('fill_value') ?? 0,
    data_format: dataFormat(operation),
  });
};

const pool =
  (kind: 'Max' | 'Average'): OperationEmitter =>
  (operation) => {
    const rank = spatialRank(operation);
    const size = forPlaces(operation.settingAt(1, 'pool_size', 'ksize'), rank);
    const strides = operation.settingAt(2, 'strides');
    return asLayer(operation, `${kind}Pooling${rank}D`, {
      pool_size: size,
      strides: strides === undefined || strides === null ? size : forPlaces(strides, rank),
      padding: padding(operation),
      data_format: dataFormat(operation),
    });
  };

/** A convolution with a kernel that the file holds. */
const convolution: OperationEmitter = (operation) => {
  const { operand, constantOperand, settingAt, setting } = operation;
  const rank = spatialRank(operation);
  const kernel = constantOperand(1, 'kernel', 'filters');
  const channels = operand(0, 'inputs', 'input').shape.at(dataFormat(operation) === 'channels_first' ? 1 : -1) ?? 1;
  const groups = channels / (kernel.shape.at(-2) as number);
  const config = {
    filters: kernel.shape.at(-1),
    kernel_size: kernel.shape.slice(0, rank),
    strides: forPlaces(settingAt(2, 'strides') ?? 1, rank),
    padding: padding(operation),
    dilation_rate: forPlaces(setting('dilation_rate', 'dilations') ?? 1, rank),
    data_format: dataFormat(operation),
    groups,
    use_bias: false,
    activation: 'linear',
  };
  const floats = makeTensor('FP32', kernel.shape, Float32Array.from(kernel.data));
  return asLayer(operation, `Conv${rank}D`, config, new Map([['kernel', floats]]));
};

/** [batch, h, w, c · n²] → [batch, h · n, w · n, c]. */
const depthToSpace: OperationEmitter = (operation) => {
  const { graph, operand, settingAt } = operation;
  const x = operand(0, 'input', 'x');
  const size = integerOf(settingAt(1, 'block_size'));
  const [batch = -1, height = -1, width = -1, depth = -1] = x.shape;
  if (dataFormat(operation) !== 'channels_last' || x.shape.length !== 4 || depth % size ** 2 !== 0) {
    throw new RangeError(`[${x.shape}] can't be spread by blocks of ${size}`);
  }
  const grown = (length: number): number => (length === -1 ? -1 : length * size);
  const shape = [batch, grown(height), grown(width), depth / size ** 2];
  const attributes = { block_size: attribute.int(size), data_format: attribute.text('NHWC') };
  return graph.node('DepthToSpace', [x], attributes, { datatype: x.datatype, shape });
};

export const imageOperations: Readonly<Record<string, OperationEmitter>> = {
  resize,
  max_pool: pool('Max'),
  max_pool1d: pool('Max'),
  max_pool2d: pool('Max'),
  max_pool3d: pool('Max'),
  average_pool: pool('Average'),
  avg_pool: pool('Average'),
  avg_pool1d: pool('Average'),
  avg_pool2d: pool('Average'),
  avg_pool3d: pool('Average'),
  conv: convolution,
  conv1d: convolution,
  conv2d: convolution,
  conv3d: convolution,
  depth_to_space: depthToSpace,
};
