/** One weight that a layer of some class and settings has. */
export interface WeightName {
  /** Keras 3's own short name; weights of sublayers with their name: `query/kernel`. */
  readonly name: string;
  /** Where the settings tell it; null for what only the layer's input tells. */
  readonly shape?: readonly (number | null)[];
  /** Keras keeps weights that training doesn't touch (moving means) after the others. */
  readonly trained: boolean;
  /** Stored in files, but nothing reads it when predicting. */
  readonly unused?: true;
}

export interface WeightRoster {
  /** In Keras' own order, in which legacy files store them. */
  readonly weights: readonly WeightName[];
  /** Where a `.keras` file keeps them below the layer: `cell` in recurrent layers. */
  readonly folder?: string;
}

type Config = Readonly<Record<string, unknown>>;
type Size = number | null;
type Roster = (config: Config) => WeightRoster;

/**
 * The weights that a Keras layer has, by class and (normalised) settings.
 * @returns undefined for classes unknown here; wrappers have just what is their own, not their inner layers' weights
 */
export function weightNames(className: string, config: Config): WeightRoster | undefined {
  if (weightless.has(className) || className.startsWith('op:')) return { weights: [] };
  return rosters.get(className)?.(config);
}

const trained = (name: string, shape?: readonly Size[]): WeightName => ({
  name,
  trained: true,
  ...(shape && { shape }),
});
const kept = (name: string, shape?: readonly Size[]): WeightName => ({ ...trained(name, shape), trained: false });

function only(weights: readonly (WeightName | false)[], folder?: string): WeightRoster {
  return { weights: weights.filter((weight) => weight !== false), ...(folder !== undefined && { folder }) };
}

const size = (value: unknown): Size => (Number.isSafeInteger(value) ? (value as number) : null);
const sizes = (value: unknown): Size[] => (Array.isArray(value) ? value.map(size) : [null]);
const biased = (config: Config) => config.use_bias !== false;

const dense: Roster = (c) =>
  only([trained('kernel', [null, size(c.units)]), biased(c) && trained('bias', [size(c.units)])]);

const conv: Roster = (c) =>
  only([
    trained('kernel', [...sizes(c.kernel_size), null, size(c.filters)]),
    biased(c) && trained('bias', [size(c.filters)]),
  ]);

const transposed: Roster = (c) =>
  only([
    trained('kernel', [...sizes(c.kernel_size), size(c.filters), null]),
    biased(c) && trained('bias', [size(c.filters)]),
  ]);

const depthwise: Roster = (c) =>
  only([
    trained('kernel', [...sizes(c.kernel_size), null, size(c.depth_multiplier ?? 1)]),
    biased(c) && trained('bias', [null]),
  ]);

const separable: Roster = (c) =>
  only([
    trained('depthwise_kernel', [...sizes(c.kernel_size), null, size(c.depth_multiplier ?? 1)]),
    trained('pointwise_kernel', [...sizes(c.kernel_size).map(() => 1), null, size(c.filters)]),
    biased(c) && trained('bias', [size(c.filters)]),
  ]);

/** @param gates side by side in each array: 4 in an LSTM, 3 in a GRU */
function recurrent(gates: number): Roster {
  return (c) => {
    const units = size(c.units);
    const wide = units === null ? null : units * gates;
    // reset_after has one bias for the input and one for the state.
    const bias = c.reset_after === true ? [2, wide] : [wide];
    return only(
      [trained('kernel', [null, wide]), trained('recurrent_kernel', [units, wide]), biased(c) && trained('bias', bias)],
      'cell',
    );
  };
}

const convLstm: Roster = (c) => {
  const filters = size(c.filters);
  const wide = filters === null ? null : 4 * filters;
  return only(
    [
      trained('kernel', [...sizes(c.kernel_size), null, wide]),
      trained('recurrent_kernel', [...sizes(c.kernel_size), filters, wide]),
      biased(c) && trained('bias', [wide]),
    ],
    'cell',
  );
};

const batchNorm: Roster = (c) =>
  only([
    c.scale !== false && trained('gamma', [null]),
    c.center !== false && trained('beta', [null]),
    kept('moving_mean', [null]),
    kept('moving_variance', [null]),
    // Batch renormalization: its further statistics are for training.
    ...(c.renorm === true ? ['moving_stddev', 'renorm_mean', 'renorm_stddev'] : []).map(
      (name): WeightName => ({ ...kept(name), unused: true }),
    ),
  ]);

const affine: Roster = (c) => only([c.scale !== false && trained('gamma'), c.center !== false && trained('beta')]);

const attention: Roster = (c) =>
  only(
    ['query', 'key', ...(c.use_gate === true ? ['gate'] : []), 'value', 'attention_output'].flatMap((part) => [
      trained(`${part}/kernel`),
      biased(c) && trained(`${part}/bias`),
    ]),
  );

const learnt: Roster = (c) =>
  // Statistics given as settings are no weights.
  c.mean !== undefined && c.mean !== null
    ? only([])
    : only([kept('mean'), kept('variance'), { ...kept('count', []), unused: true }]);

const rosters = new Map<string, Roster>([
  ['Dense', dense],
  [
    'EinsumDense',
    (c) => only([trained('kernel'), c.bias_axes !== null && c.bias_axes !== undefined && trained('bias')]),
  ],
  [
    'ReversibleEmbedding',
    (c) =>
      only([
        trained('embeddings', [size(c.input_dim), size(c.output_dim)]),
        c.tie_weights === false && trained('reverse_embeddings', [size(c.output_dim), size(c.input_dim)]),
      ]),
  ],
  ['Embedding', (c) => only([trained('embeddings', [size(c.input_dim), size(c.output_dim)])])],
  ...['Conv1D', 'Conv2D', 'Conv3D'].map((name) => [name, conv] as const),
  ...['Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose'].map((name) => [name, transposed] as const),
  ...['DepthwiseConv1D', 'DepthwiseConv2D'].map((name) => [name, depthwise] as const),
  ...['SeparableConv1D', 'SeparableConv2D'].map((name) => [name, separable] as const),
  ...['LocallyConnected1D', 'LocallyConnected2D'].map((name): [string, Roster] => [
    name,
    (c) => only([trained('kernel'), biased(c) && trained('bias')]),
  ]),
  ['BatchNormalization', batchNorm],
  // One-dimensional in Keras 3 where it scales by the root mean square only.
  ['LayerNormalization', (c) => (c.rms_scaling === true ? only([trained('gamma')]) : affine(c))],
  ['GroupNormalization', affine],
  ['RMSNormalization', () => only([trained('scale')])],
  ['Normalization', learnt],
  ['PReLU', () => only([trained('alpha')])],
  ['SimpleRNN', recurrent(1)],
  ['GRU', recurrent(3)],
  ['LSTM', recurrent(4)],
  ...['ConvLSTM1D', 'ConvLSTM2D', 'ConvLSTM3D'].map((name) => [name, convLstm] as const),
  ['MultiHeadAttention', attention],
  ['GroupQueryAttention', attention],
  [
    'Attention',
    (c) =>
      only([
        c.use_scale === true && trained('scale', []),
        c.score_mode === 'concat' && trained('concat_score_weight', []),
      ]),
  ],
  ['AdditiveAttention', (c) => only([c.use_scale !== false && trained('scale', [null])])],
  ['SpectralNormalization', () => only([{ ...kept('vector_u'), unused: true }])],
]);

/** Layers that compute without weights, or hold just layers that have some. */
const weightless = new Set([
  ...['InputLayer', 'Lambda', 'Masking', 'Identity', 'Activation', 'ActivityRegularization'],
  ...['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Softmax'],
  ...['Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D'],
  ...['AlphaDropout', 'GaussianDropout', 'GaussianNoise'],
  ...['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot'],
  ...['Flatten', 'Reshape', 'Permute', 'RepeatVector'],
  ...['1D', '2D', '3D'].flatMap((rank) => [
    ...['MaxPooling', 'AveragePooling', 'GlobalMaxPooling', 'GlobalAveragePooling'].map((name) => name + rank),
    ...['AdaptiveMaxPooling', 'AdaptiveAveragePooling'].map((name) => name + rank),
    ...['Cropping', 'ZeroPadding', 'UpSampling'].map((name) => name + rank),
  ]),
  ...['UnitNormalization', 'Rescaling', 'Resizing', 'CenterCrop', 'AutoContrast', 'Discretization', 'CategoryEncoding'],
  ...['HashedCrossing', 'Hashing', 'RandomFlip', 'RandomRotation', 'RandomZoom', 'RandomTranslation', 'RandomCrop'],
  ...['RandomContrast', 'RandomBrightness', 'RandomHeight', 'RandomWidth'],
  ...['TimeDistributed', 'Bidirectional', 'Functional'],
]);
