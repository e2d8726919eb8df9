import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, scalar, unary } from '../graph/ops/elementwise.js';
import { type Dimension, dimension, expandDims, reshape, tile } from '../graph/ops/shape.js';
import { softmax } from '../graph/ops/softmax.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { isKeras } from '../keras/keras-version.js';
import { readConfig } from '../keras/read-layer.js';
import { flagArgument } from './arguments.js';
import { attentionInputs, attentionMask, type HeadSettings, headSettings, projected } from './attention-inputs.js';
import { einsum } from './einsum.js';
import type { EmitCall, Emitter } from './emit.js';
import { maskedSoftmax, ofSoftmaxLayer } from './score-masks.js';

const multiHeadSchema = v.object({
  ...headSettings,
  key_dim: v.number(),
  attention_axes: v.nullish(v.union([v.number(), v.array(v.number())])),
});
const groupedSchema = v.object({
  ...headSettings,
  head_dim: v.number(),
  num_query_heads: v.number(),
  num_key_value_heads: v.number(),
});

/** Attention of several heads over one or more axes, between projections of query, key and value, and one of the result. */
const emitMultiHeadAttention: Emitter = (graph, call) => {
  const config = readConfig(call.layer, multiHeadSchema);
  const { query, value, key } = attentionInputs(graph, call);
  const rank = query.shape.length;
  const given = config.attention_axes ?? query.shape.slice(2).map((_, axis) => axis + 1);
  const axes = (typeof given === 'number' ? [given] : given).map((axis) => (axis < 0 ? axis + rank : axis));
  const heads = {
    query: projected(graph, call.layer, 'query', query, config.use_bias),
    key: projected(graph, call.layer, 'key', key, config.use_bias),
    value: projected(graph, call.layer, 'value', value, config.use_bias),
  };
  return attend(graph, call, config, { ...heads, scale: 1 / Math.sqrt(config.key_dim), axes });
};

/** As MultiHeadAttention over the time axis, but that several query heads share one head of keys and values. */
const emitGroupedQueryAttention: Emitter = (graph, call) => {
  const config = readConfig(call.layer, groupedSchema);
  const { query, value, key } = attentionInputs(graph, call);
  const repeats = config.num_query_heads / config.num_key_value_heads;
  const shared = (name: string, x: GraphValue): GraphValue =>
    repeated(graph, projected(graph, call.layer, name, x, config.use_bias), repeats);
  const heads = {
    query: projected(graph, call.layer, 'query', query, config.use_bias),
    key: shared('key', key),
    value: shared('value', value),
  };
  return attend(graph, call, config, { ...heads, scale: 1 / Math.sqrt(config.head_dim), axes: [1] });
};

interface Heads {
  /** Each [batch, …, heads, size of a head]. */
  readonly query: GraphValue;
  readonly key: GraphValue;
  readonly value: GraphValue;
  readonly scale: number;
  /** Over which attention goes, between the batch and the heads. */
  readonly axes: readonly number[];
}

function attend(graph: GraphBuilder, call: EmitCall, config: HeadSettings, heads: Heads): readonly GraphValue[] {
  const { layer } = call;
  const input = attentionInputs(graph, call);
  const wantsScores = flagArgument(call, 'return_attention_scores');
  const letters = lettersOf(heads.query.shape.length, heads.axes);
  const scaled = arithmetic(graph, 'Mul', heads.query, scalar(graph, heads.scale));
  const scores = einsum(graph, { left: letters.key, right: letters.query, result: letters.scores }, heads.key, scaled);
  const mask = attentionMask(graph, call, config, input);
  const inner = scores.shape.slice(-heads.axes.length).map((_, axis) => axis - heads.axes.length);
  let wide = mask;
  // Axes of 1 for the heads and what else comes before the axes of queries and keys.
  while (wide !== undefined && wide.shape.length < scores.shape.length) {
    wide = expandDims(graph, wide, -heads.axes.length * 2 - 1);
  }
  // Since Keras 3.7 there are two ways of computing this, which differ for queries that may see nothing.
  const direct =
    isKeras(call.kerasVersion, 3, 7) && config.dropout === 0 && !wantsScores && heads.query.shape.length === 4;
  const rule = direct ? { replaced: true, zeroed: false } : ofSoftmaxLayer(call.kerasVersion);
  const weights = wide === undefined ? softmax(graph, scores, inner) : maskedSoftmax(graph, scores, wide, inner, rule);
  const combined = einsum(
    graph,
    { left: letters.scores, right: letters.key, result: letters.query },
    weights,
    heads.value,
  );
  const gated = config.use_gate
    ? arithmetic(graph, 'Mul', combined, gate(graph, layer, input.query, config))
    : combined;
  const output = projected(graph, layer, 'attention_output', gated, config.use_bias, 2);
  const result = { ...output, mask: input.query.mask };
  return wantsScores ? [result, weights] : [result];
}

/** Letters for an equation: batch and heads as in the query, the attended axes once for queries and once for keys. */
function lettersOf(rank: number, axes: readonly number[]): { query: string; key: string; scores: string } {
  const query = Array.from({ length: rank }, (_, axis) => String.fromCharCode(97 + axis));
  const key = query.map((letter, axis) => (axes.includes(axis) ? letter.toUpperCase() : letter));
  const outer = query.filter((_, axis) => axis < rank - 1 && !axes.includes(axis));
  const attended = (from: readonly string[]): string[] => axes.map((axis) => from[axis] as string);
  const scores = [...outer, ...attended(query), ...attended(key)];
  return { query: query.join(''), key: key.join(''), scores: scores.join('') };
}

function gate(graph: GraphBuilder, layer: KerasLayer, query: GraphValue, { use_bias }: HeadSettings): GraphValue {
  return unary(graph, 'Sigmoid', projected(graph, layer, 'gate', query, use_bias));
}

/** [batch, time, heads, size] → each head `times` times in a row. */
function repeated(graph: GraphBuilder, x: GraphValue, times: number): GraphValue {
  if (times === 1) return x;
  if (!Number.isInteger(times)) throw new RangeError('query heads are no multiple of the key and value heads');
  const [batch, time, heads, size] = [0, 1, 2, 3].map((axis) => dimension(x, axis)) as [
    Dimension,
    Dimension,
    number,
    number,
  ];
  const copies = tile(graph, expandDims(graph, x, 3), [1, 1, 1, times, 1]);
  return reshape(graph, copies, [batch, time, heads * times, size]);
}

export const multiHeadAttention: Readonly<Record<string, Emitter>> = {
  MultiHeadAttention: emitMultiHeadAttention,
  GroupQueryAttention: emitGroupedQueryAttention,
  GroupedQueryAttention: emitGroupedQueryAttention,
};
