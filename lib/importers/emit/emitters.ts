import { activationLayers } from './activation-layers.js';
import { adaptivePooling } from './adaptive-pooling.js';
import { attention } from './attention.js';
import { autoContrast } from './auto-contrast.js';
import { bidirectional } from './bidirectional.js';
import { borderLayers } from './borders.js';
import { categoryEncoding } from './category-encoding.js';
import { convLstm } from './conv-lstm.js';
import { convolution } from './convolution.js';
import { dense } from './dense.js';
import { dot } from './dot.js';
import { einsumDense } from './einsum-dense.js';
import { embedding } from './embedding.js';
import type { Emitter } from './emit.js';
import { featureScaling } from './feature-scaling.js';
import { globalPooling } from './global-pooling.js';
import { identities } from './identities.js';
import { integerLookup } from './integer-lookup.js';
import { locallyConnected } from './locally-connected.js';
import { merge } from './merge.js';
import { multiHeadAttention } from './multi-head-attention.js';
import { normalization } from './normalization.js';
import { operations } from './operations/operations.js';
import { pooling } from './pooling.js';
import { recurrent } from './recurrent.js';
import { reshaping } from './reshaping.js';
import { resizing } from './resizing.js';
import { spectralNormalization } from './spectral-normalization.js';
import { timeDistributed } from './time-distributed.js';
import { transposedConvolution } from './transposed-convolution.js';
import { upSampling } from './up-sampling.js';

/** Keras class name → emitter. A class that is not here is refused by name. */
export const emitters: ReadonlyMap<string, Emitter> = new Map(
  Object.entries({
    ...activationLayers,
    ...adaptivePooling,
    ...attention,
    ...autoContrast,
    ...bidirectional,
    ...borderLayers,
    ...categoryEncoding,
    ...convLstm,
    ...convolution,
    ...dense,
    ...dot,
    ...einsumDense,
    ...embedding,
    ...featureScaling,
    ...globalPooling,
    ...identities,
    ...locallyConnected,
    ...integerLookup,
    ...merge,
    ...multiHeadAttention,
    ...normalization,
    ...operations,
    ...pooling,
    ...recurrent,
    ...reshaping,
    ...resizing,
    ...spectralNormalization,
    ...timeDistributed,
    ...transposedConvolution,
    ...upSampling,
  }),
);
