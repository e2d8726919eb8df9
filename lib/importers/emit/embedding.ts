import * as v from 'valibot';
import { arithmetic, cast, comparison, scalar, unary } from '../graph/ops/elementwise.js';
import { matMul, overLastAxis } from '../graph/ops/product.js';
import { reduce } from '../graph/ops/reduce.js';
import { gather, squeeze, transpose } from '../graph/ops/shape.js';
import { readConfig, readWeight } from '../keras/read-layer.js';
import { flagArgument } from './arguments.js';
import { type Emitter, onlyInput } from './emit.js';
import { zeroMasked } from './score-masks.js';

/** Each number → its row. A number outside the table fails the request. */
const emitEmbedding: Emitter = (graph, call) => {
  const { layer } = call;
  const { mask_zero } = readConfig(layer, v.object({ mask_zero: v.nullish(v.boolean(), false) }));
  const x = onlyInput(call);
  const table = graph.constant(readWeight(layer, 'embeddings', 2), 'embeddings');
  const rows = gather(graph, table, cast(graph, x, 'INT32'));
  if (!mask_zero) return [rows];
  const mask = comparison(graph, 'NotEqual', x, scalar(graph, 0, x.datatype === 'INT32' ? 'INT32' : 'FP32'));
  return [{ ...rows, mask }];
};

const reversibleSchema = v.object({
  tie_weights: v.optional(v.boolean(), true),
  logit_soft_cap: v.nullish(v.number()),
});

/** An Embedding; called with `reverse`, each row's products with all embeddings, softly limited. */
const emitReversibleEmbedding: Emitter = (graph, call) => {
  if (!flagArgument(call, 'reverse')) return emitEmbedding(graph, call);
  const { layer } = call;
  const { tie_weights, logit_soft_cap: cap } = readConfig(layer, reversibleSchema);
  const kernel = tie_weights
    ? transpose(graph, graph.constant(readWeight(layer, 'embeddings', 2), 'embeddings'), [1, 0])
    : graph.constant(readWeight(layer, 'reverse_embeddings', 2), 'reverse_embeddings');
  const logits = overLastAxis(graph, cast(graph, onlyInput(call), 'FP32'), (rows) => matMul(graph, rows, kernel));
  if (cap === undefined || cap === null) return [logits];
  const limited = unary(graph, 'Tanh', arithmetic(graph, 'Mul', logits, scalar(graph, 1 / cap)));
  return [arithmetic(graph, 'Mul', limited, scalar(graph, cap))];
};

/** Masks the steps whose features all are `mask_value`, and sets them to 0. */
const emitMasking: Emitter = (graph, call) => {
  const { mask_value } = readConfig(call.layer, v.object({ mask_value: v.optional(v.number(), 0) }));
  const x = cast(graph, onlyInput(call), 'FP32');
  const differs = comparison(graph, 'NotEqual', x, scalar(graph, mask_value));
  const counts = reduce(graph, 'Any', differs, [-1], true);
  return [{ ...zeroMasked(graph, x, counts), mask: squeeze(graph, counts, [-1]) }];
};

export const embedding: Readonly<Record<string, Emitter>> = {
  Embedding: emitEmbedding,
  ReversibleEmbedding: emitReversibleEmbedding,
  Masking: emitMasking,
};
