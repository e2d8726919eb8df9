import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, not, scalar, unary } from '../graph/ops/elementwise.js';
import { batchMatMul } from '../graph/ops/product.js';
import { reduce } from '../graph/ops/reduce.js';
import { dimension, expandDims } from '../graph/ops/shape.js';
import { softmax } from '../graph/ops/softmax.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';
import { flagArgument, masksOf } from './arguments.js';
import type { EmitCall, Emitter } from './emit.js';
import { allOf, asTruth, positionsMask, zeroMasked } from './score-masks.js';

type Scores = (graph: GraphBuilder, call: EmitCall, query: GraphValue, key: GraphValue) => GraphValue;

/**
 * Attention over [query, value] or [query, value, key]: softmax(scores) · value.
 * Masked keys have their scores lowered by 1e9; masked queries yield 0, and their mask is the output's.
 * @returns the output, and the weights where the call asks for them
 */
const attentionBy =
  (scoresOf: Scores): Emitter =>
  (graph, call) => {
    const { layer, inputs } = call;
    const [query, value, key = value] = inputs.map((input) => cast(graph, input, 'FP32'));
    if (query === undefined || value === undefined || key === undefined)
      throw refused(layer, 'it takes two or three inputs');
    const [queryMask, valueMask] = masksOf(call);
    const scores = scoresOf(graph, call, query, key);
    const causal = flagArgument(call, 'use_causal_mask') || layer.config.causal === true;
    if (
      valueMask !== undefined &&
      !causal &&
      kerasMajor(call.kerasVersion) === 3 &&
      !isKeras(call.kerasVersion, 3, 12)
    ) {
      // There the mask lies along the queries or the batch, whichever happens to have its size.
      throw refused(
        layer,
        "Keras 3 before 3.12 lays a value's mask along the wrong axis; save the model with a later Keras",
      );
    }
    const seen = allOf(graph, [
      valueMask && expandDims(graph, asTruth(graph, valueMask), -2),
      causal ? positionsMask(graph, dimension(scores, -2), dimension(scores, -1), 'causal') : undefined,
    ]);
    const weights = softmax(graph, seen === undefined ? scores : lowered(graph, scores, seen));
    const output = batchMatMul(graph, weights, value);
    const kept =
      queryMask === undefined ? output : zeroMasked(graph, output, expandDims(graph, asTruth(graph, queryMask), -1));
    const result = { ...kept, mask: queryMask };
    return flagArgument(call, 'return_attention_scores') ? [result, weights] : [result];
  };

/** scores - 1e9 where they aren't seen: so where a whole row isn't, float32 leaves nothing of its scores. */
function lowered(graph: GraphBuilder, scores: GraphValue, seen: GraphValue): GraphValue {
  const hidden = cast(graph, not(graph, seen), 'FP32');
  return arithmetic(graph, 'Sub', scores, arithmetic(graph, 'Mul', hidden, scalar(graph, 1e9)));
}

const attentionSchema = v.object({
  use_scale: v.optional(v.boolean(), false),
  score_mode: v.optional(v.picklist(['dot', 'concat']), 'dot'),
});

/** query · key, or w · Σ tanh(query + key); `scale` is one number. */
const dotScores: Scores = (graph, { layer }, query, key) => {
  const { use_scale, score_mode } = readConfig(layer, attentionSchema);
  const scale = use_scale ? graph.constant(readWeight(layer, 'scale', 0), 'scale') : undefined;
  const scaled = (x: GraphValue): GraphValue => (scale === undefined ? x : arithmetic(graph, 'Mul', x, scale));
  if (score_mode === 'dot') return scaled(batchMatMul(graph, query, key, true));
  const weight = graph.constant(readWeight(layer, 'concat_score_weight', 0), 'weight');
  const sums = reduce(graph, 'Sum', unary(graph, 'Tanh', scaled(pairs(graph, query, key))), [-1]);
  return arithmetic(graph, 'Mul', weight, sums);
};

/** Σ scale · tanh(query + key), `scale` one number for each feature. */
const additiveScores: Scores = (graph, { layer }, query, key) => {
  const { use_scale } = readConfig(layer, v.object({ use_scale: v.optional(v.boolean(), true) }));
  const tanh = unary(graph, 'Tanh', pairs(graph, query, key));
  const scaled = use_scale
    ? arithmetic(graph, 'Mul', tanh, graph.constant(readWeight(layer, 'scale', 1), 'scale'))
    : tanh;
  return reduce(graph, 'Sum', scaled, [-1]);
};

/** The sum of each query with each key: [batch, queries, keys, features]. */
function pairs(graph: GraphBuilder, query: GraphValue, key: GraphValue): GraphValue {
  return arithmetic(graph, 'AddV2', expandDims(graph, query, -2), expandDims(graph, key, -3));
}

export const attention: Readonly<Record<string, Emitter>> = {
  Attention: attentionBy(dotScores),
  AdditiveAttention: attentionBy(additiveScores),
};
