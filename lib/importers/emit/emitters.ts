import { activationLayers } from './activation-layers.js';
import { attention } from './attention.js';
import { bidirectional } from './bidirectional.js';
import { categoryEncoding } from './category-encoding.js';
import { convLstm } from './conv-lstm.js';
import { dense } from './dense.js';
import { dot } from './dot.js';
import { einsumDense } from './einsum-dense.js';
import { embedding } from './embedding.js';
import type { Emitter } from './emit.js';
import { identities } from './identities.js';
import { merge } from './merge.js';
import { multiHeadAttention } from './multi-head-attention.js';
import { operations } from './operations/operations.js';
import { recurrent } from './recurrent.js';
import { reshaping } from './reshaping.js';
import { timeDistributed } from './time-distributed.js';

/** Keras class name → emitter. A class that is not here is refused by name. */
export const emitters: ReadonlyMap<string, Emitter> = new Map(
  Object.entries({
    ...activationLayers,
    ...attention,
    ...bidirectional,
    ...categoryEncoding,
    ...convLstm,
    ...dense,
    ...dot,
    ...einsumDense,
    ...embedding,
    ...identities,
    ...merge,
    ...multiHeadAttention,
    ...operations,
    ...recurrent,
    ...reshaping,
    ...timeDistributed,
  }),
);
