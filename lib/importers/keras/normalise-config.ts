import { normaliseActivation, slopes } from './normalise-activation.js';
import { fromKeras1 } from './normalise-keras1.js';

type Config = Readonly<Record<string, unknown>>;

export interface DescribedLayer {
  readonly className: string;
  readonly config: Config;
}

/** Names that Keras and TensorFlow gave to today's classes at some time. */
const aliases: Readonly<Record<string, string>> = {
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  SyncBatchNormalization: 'BatchNormalization',
  LSTMV2: 'LSTM',
  UnifiedLSTM: 'LSTM',
  CuDNNLSTM: 'LSTM',
  GRUV2: 'GRU',
  CuDNNGRU: 'GRU',
  UnifiedGRU: 'GRU',
  GroupedQueryAttention: 'GroupQueryAttention',
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  Convolution1DTranspose: 'Conv1DTranspose',
  Convolution2DTranspose: 'Conv2DTranspose',
  Convolution3DTranspose: 'Conv3DTranspose',
  SeparableConvolution1D: 'SeparableConv1D',
  SeparableConvolution2D: 'SeparableConv2D',
  MaxPool1D: 'MaxPooling1D',
  MaxPool2D: 'MaxPooling2D',
  MaxPool3D: 'MaxPooling3D',
  AvgPool1D: 'AveragePooling1D',
  AvgPool2D: 'AveragePooling2D',
  AvgPool3D: 'AveragePooling3D',
  GlobalMaxPool1D: 'GlobalMaxPooling1D',
  GlobalMaxPool2D: 'GlobalMaxPooling2D',
  GlobalMaxPool3D: 'GlobalMaxPooling3D',
  GlobalAvgPool1D: 'GlobalAveragePooling1D',
  GlobalAvgPool2D: 'GlobalAveragePooling2D',
  GlobalAvgPool3D: 'GlobalAveragePooling3D',
};

/** What cuDNN's layers do; they have no settings for it. */
const cudnn = { activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true, reset_after: true };

/** Settings with one number for each spatial axis, where files may say a single number. */
const perAxis = ['kernel_size', 'strides', 'dilation_rate', 'pool_size', 'size', 'output_size', 'output_padding'];

const spatial = /(Conv|Pooling|Cropping|ZeroPadding|UpSampling|LSTM|LocallyConnected)\D*([123])D/;

/**
 * A layer's class and settings with Keras 3's names and values, as KerasLayer has them.
 * @param major of the Keras that wrote the file
 */
export function normaliseLayer(described: DescribedLayer, major: number): DescribedLayer {
  const { className: given, config: stated } = major === 1 ? fromKeras1(described) : described;
  const className = Object.hasOwn(aliases, given) ? (aliases[given] as string) : given;
  const config: Record<string, unknown> = { ...slopes(className, withoutTraining(stated)) };
  if (given.startsWith('CuDNN')) Object.assign(config, cudnn);
  for (const field of ['activation', 'recurrent_activation']) {
    if (field in config) config[field] = normaliseActivation(config[field], major);
  }
  const rank = Number(spatial.exec(className)?.[2] ?? 0);
  if (rank > 0) normaliseSpatial(className, config, rank);
  const { axis } = config;
  if (className === 'BatchNormalization' && Array.isArray(axis) && axis.length === 1) config.axis = axis[0];
  // Keras before 2.1 and TF.js know only the older GRU, and don't say so.
  if (className === 'GRU') config.reset_after = config.reset_after ?? false;
  if (typeof config.dtype === 'object' && config.dtype !== null) config.dtype = policyName(config.dtype as Config);
  return { className, config };
}

/** Initializers, regularizers and constraints (perhaps of the team's own making) mean nothing when predicting. */
function withoutTraining(config: Config): Config {
  const training = /_(initializer|regularizer|constraint)$/;
  return Object.fromEntries(
    Object.entries(config).filter(([field]) => !training.test(field) && field !== 'quantization_config'),
  );
}

function normaliseSpatial(className: string, config: Record<string, unknown>, rank: number): void {
  const sized = /Pooling/.test(className) && !/Global|Adaptive/.test(className);
  if (sized && config.pool_size === undefined) config.pool_size = 2;
  // A pool's strides are its size unless told.
  if (sized && (config.strides ?? null) === null) config.strides = config.pool_size;
  for (const field of perAxis) {
    const value = config[field];
    if (typeof value === 'number') config[field] = Array<number>(rank).fill(value);
    // TF.js and Keras 1 write `[3]` for one axis, and now and then for all.
    else if (Array.isArray(value) && value.length === 1 && rank > 1) config[field] = Array(rank).fill(value[0]);
  }
  if (typeof config.padding === 'string') config.padding = config.padding.toLowerCase();
  if (className.startsWith('Cropping')) config.cropping = borders(config.cropping, rank);
  if (className.startsWith('ZeroPadding')) config.padding = borders(config.padding, rank);
  const format = config.data_format;
  config.data_format = format === 'channels_first' || format === 'channelsFirst' ? 'channels_first' : 'channels_last';
}

/** `1`, `[1, 2]` and `[[1, 1], [2, 2]]` → before and after along each axis; in one dimension `[before, after]`. */
function borders(value: unknown, rank: number): unknown {
  const pair = (size: unknown) => (Array.isArray(size) ? size : [size, size]);
  if (rank === 1) return pair(Array.isArray(value) && value.length === 1 ? value[0] : (value ?? 1));
  const each = Array.isArray(value) ? value : Array(rank).fill(value ?? 1);
  return each.map(pair);
}

/** `{ class_name: 'DTypePolicy', config: { name: 'float32' } }` → `float32`. */
export function policyName(policy: Config): string {
  const { config, class_name: className } = policy as { config?: Config; class_name?: unknown };
  const name = config?.name ?? config?.mode;
  return typeof name === 'string' ? name : String(className);
}
