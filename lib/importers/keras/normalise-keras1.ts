import type { DescribedLayer } from './normalise-config.js';

type Config = Readonly<Record<string, unknown>>;

/** Keras 1's names for settings, as the legacy interfaces of Keras 2 translate them. */
const renamedEverywhere: Readonly<Record<string, string>> = {
  output_dim: 'units',
  nb_filter: 'filters',
  bias: 'use_bias',
  border_mode: 'padding',
  subsample: 'strides',
  subsample_length: 'strides',
  stride: 'strides',
  inner_activation: 'recurrent_activation',
  filter_length: 'kernel_size',
  pool_length: 'pool_size',
  atrous_rate: 'dilation_rate',
  p: 'rate',
  sigma: 'stddev',
  length: 'size',
};

/** Layers of Keras 1 which are other layers today. */
const classes: Readonly<Record<string, string>> = {
  AtrousConvolution1D: 'Conv1D',
  AtrousConvolution2D: 'Conv2D',
  Deconvolution2D: 'Conv2DTranspose',
  TimeDistributedDense: 'Dense',
};

/** `Merge` by its mode. */
const merges: Readonly<Record<string, string>> = {
  sum: 'Add',
  mul: 'Multiply',
  concat: 'Concatenate',
  ave: 'Average',
  max: 'Maximum',
  dot: 'Dot',
  cos: 'Dot',
};

/** A layer of Keras 1 under the names of Keras 2. What has no equal there keeps its class, and is refused by it later. */
export function fromKeras1({ className, config }: DescribedLayer): DescribedLayer {
  if (className === 'Merge') return fromMerge(config);
  const renamed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(config)) {
    const name = Object.hasOwn(renamedEverywhere, field) ? (renamedEverywhere[field] as string) : field;
    renamed[name] = value;
  }
  // An embedding has kept its output_dim.
  if (className === 'Embedding') renamed.output_dim = config.output_dim;
  if (/Conv/.test(className)) {
    const sizes = ['nb_row', 'nb_col'].every((field) => field in config)
      ? [config.nb_row, config.nb_col]
      : [config.kernel_dim1, config.kernel_dim2, config.kernel_dim3];
    if (sizes[0] !== undefined) renamed.kernel_size = sizes;
  }
  if (config.dim_ordering === 'th') renamed.data_format = 'channels_first';
  // Mode 1 and 2 normalise by the batch's own statistics: no layer does so today.
  const odd = className === 'BatchNormalization' && (config.mode ?? 0) !== 0;
  const today = Object.hasOwn(classes, className) ? (classes[className] as string) : className;
  return { className: odd ? `BatchNormalization(mode=${String(config.mode)})` : today, config: renamed };
}

function fromMerge(config: Config): DescribedLayer {
  const mode = String(config.mode);
  const className = Object.hasOwn(merges, mode) ? (merges[mode] as string) : 'Merge';
  const { name } = config;
  if (className === 'Concatenate') return { className, config: { name, axis: config.concat_axis ?? -1 } };
  if (className !== 'Dot') return { className, config: className === 'Merge' ? config : { name } };
  return { className, config: { name, axes: config.dot_axes ?? -1, normalize: mode === 'cos' } };
}
