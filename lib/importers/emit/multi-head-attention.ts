import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, scalar, unary } from '../graph/ops/elementwise.js';
import { type Dimension, dimension, expandDims, reshape, tile } from '../graph/ops/shape.js';
import { softmax } from '../graph/ops/softmax.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { isKeras } from '../keras/keras-version.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';
import { flagArgument, valueArgument } from './arguments.js';
import { einsum, project } from './einsum.js';
import type { EmitCall, Emitter } from './emit.js';
import { allOf, asTruth, maskedSoftmax, ofSoftmaxLayer, positionsMask } from './score-masks.js';

const commonSchema = {
  use_bias: v.optional(v.boolean(), true),
  dropout: v.optional(v.number(), 0),
  sliding_window: v.nullish(v.number()),
  use_gate: v.optional(v.boolean(), false),
};
const multiHeadSchema = v.object({
  ...commonSchema,
  key_dim: v.number(),
  attention_axes: v.nullish(v.union([v.number(), v.array(v.number())])),
});
const groupedSchema = v.object({
  ...commonSchema,
  head_dim: v.number(),
  num_query_heads: v.number(),
  num_key_value_heads: v.number(),
});

type Common = v.InferOutput<v.ObjectSchema<typeof commonSchema, undefined>>;

/** Attention of several heads over one or more axes, between projections of query, key and value, and one of the result. */
const emitMultiHeadAttention: Emitter = (graph, call) => {
  const config = readConfig(call.layer, multiHeadSchema);
  const { query, value, key } = argumentsOf(graph, call);
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
  const { query, value, key } = argumentsOf(graph, call);
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

function attend(graph: GraphBuilder, call: EmitCall, config: Common, heads: Heads): readonly GraphValue[] {
  const { layer } = call;
  const input = argumentsOf(graph, call);
  const wantsScores = flagArgument(call, 'return_attention_scores');
  const letters = lettersOf(heads.query.shape.length, heads.axes);
  const scaled = arithmetic(graph, 'Mul', heads.query, scalar(graph, heads.scale));
  const scores = einsum(graph, { left: letters.key, right: letters.query, result: letters.scores }, heads.key, scaled);
  const mask = maskOf(graph, call, config, input);
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

/** Which keys a query may see: BOOL [batch or 1, queries, keys]. */
function maskOf(graph: GraphBuilder, call: EmitCall, config: Common, { query, value }: Inputs): GraphValue | undefined {
  const brought = (name: 'query' | 'key' | 'value', position: number): GraphValue | undefined =>
    valueArgument(call, `${name}_mask`) ?? valueArgument(call, name, position)?.mask;
  const along = (mask: GraphValue | undefined, axis: number): GraphValue | undefined =>
    mask && expandDims(graph, asTruth(graph, mask), axis);
  const explicit = valueArgument(call, 'attention_mask');
  const [rows, columns] = [dimension(query, 1), dimension(value, 1)];
  const { sliding_window } = config;
  return allOf(graph, [
    explicit && asTruth(graph, explicit),
    along(brought('query', 0), -1),
    along(brought('value', 1), -2),
    along(brought('key', 2), -2),
    flagArgument(call, 'use_causal_mask') ? positionsMask(graph, rows, columns, 'causal') : undefined,
    typeof sliding_window === 'number' ? positionsMask(graph, rows, columns, { window: sliding_window }) : undefined,
  ]);
}

interface Inputs {
  readonly query: GraphValue;
  readonly value: GraphValue;
  readonly key: GraphValue;
}

function argumentsOf(graph: GraphBuilder, call: EmitCall): Inputs {
  const query = valueArgument(call, 'query', 0);
  const value = valueArgument(call, 'value', 1);
  if (query === undefined || value === undefined) throw refused(call.layer, 'it takes a query and a value');
  const key = valueArgument(call, 'key', 2) ?? value;
  return { query: cast(graph, query, 'FP32'), value: cast(graph, value, 'FP32'), key: cast(graph, key, 'FP32') };
}

/** x · kernel + bias over the last `summed` axes of x, by the weights of an inner layer of this name. */
function projected(
  graph: GraphBuilder,
  layer: KerasLayer,
  name: string,
  x: GraphValue,
  useBias: boolean,
  summed = 1,
): GraphValue {
  const kernel = layer.weights.get(`${name}/kernel`);
  if (kernel === undefined) throw refused(layer, `its weight '${name}/kernel' is missing`);
  const bias = useBias ? readWeight(layer, `${name}/bias`, kernel.shape.length - summed) : undefined;
  return project(graph, x, { kernel, bias }, summed, (rows, flat) =>
    flat === undefined ? rows : arithmetic(graph, 'AddV2', rows, flat),
  );
}

function gate(graph: GraphBuilder, layer: KerasLayer, query: GraphValue, { use_bias }: Common): GraphValue {
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
