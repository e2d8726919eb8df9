import { activationLayers } from './activation-layers.js';
import { attention } from './attention.js';
import { autoContrast } from './auto-contrast.js';
import { borders } from './borders.js';
import { convolutions } from './convolution.js';
import { dense } from './dense.js';
import { embeddings } from './embedding.js';
import { encodings } from './encoding.js';
import type { LayerFunction } from './evaluate.js';
import { featureScaling } from './feature-scaling.js';
import { identities } from './identities.js';
import { locallyConnected } from './locally-connected.js';
import { masking } from './masking.js';
import { merges } from './merge.js';
import { normalizations } from './normalization.js';
import { operations } from './operations.js';
import { pooling } from './pooling.js';
import { recurrent } from './recurrent.js';
import { reshaping } from './reshaping.js';
import { resizing } from './resizing.js';
import { spectralNormalization } from './spectral-normalization.js';
import { transposedConvolutions } from './transposed-convolution.js';
import { wrappers } from './wrappers.js';

const families: readonly Readonly<Record<string, LayerFunction>>[] = [
  activationLayers,
  wrappers,
  recurrent,
  merges,
  masking,
  embeddings,
  attention,
  autoContrast,
  borders,
  convolutions,
  dense,
  encodings,
  featureScaling,
  identities,
  locallyConnected,
  normalizations,
  operations,
  pooling,
  reshaping,
  resizing,
  spectralNormalization,
  transposedConvolutions,
];

/** Keras class name → its definition. */
export const layerFunctions: ReadonlyMap<string, LayerFunction> = new Map(families.flatMap(Object.entries));
