import { elementCount } from '../../core/tensor.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { isKeras } from '../keras/keras-version.js';
import { activate } from './activations.js';
import { type NdArray, ndArray } from './array.js';
import {
  type AttentionInputs,
  attentionInputs,
  attentionMask,
  isTrue,
  maskedScores,
  namedMask,
} from './attention-arguments.js';
import { multiplyLast, weigh, withAxis } from './attention-scores.js';
import { positiveAxis, transpose } from './axes.js';
import { multiplyMatrices } from './einsum.js';
import type { EvaluateCall } from './evaluate.js';
import { weightOf } from './layer-weights.js';
import { zipWith } from './operations-broadcast.js';
import { readConfig, wrongField } from './read-config.js';

/**
 * Vaswani et al., 2017. Query, key and value [batch, …, dim] are projected to [batch, …, heads, key_dim or value_dim]; for each head
 * softmax(query · keyᵀ / √key_dim) · value over the `attention_axes` (all between batch and features unless told); the heads are
 * projected together to [batch, …, ...output_shape], the query's size unless told. `use_gate` multiplies each head by the sigmoid
 * of a projection of the query. With `return_attention_scores` the weights [batch, other axes, heads, …query, …key] come second.
 * The query's mask goes on.
 */
export function multiHeadAttention(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const config = readConfig(layer);
  const inputs = attentionInputs(call);
  const { query, key, value } = inputs;
  const rank = query.shape.length;
  const [heads, keyDim] = [config.size('num_heads'), config.size('key_dim')];
  const valueDim = config.size('value_dim', keyDim);
  const axes = config
    .axes('attention_axes', [...query.shape.keys()].slice(1, -1))
    .map((axis) => positiveAxis(axis, rank, layer.name));
  if (axes.includes(0) || axes.includes(rank - 1) || new Set(axes).size !== axes.length || axes.length === 0) {
    throw wrongField(layer.name, 'attention_axes', 'axes between batch and features', axes);
  }
  const queryMask = query.mask;
  const mask = attentionMask(call, inputs, masksFrom(call, inputs));
  if (isKeras(call.kerasVersion, 3, 8)) for (const input of [query, value, key]) loseMask(input);

  const gate = config.flag('use_gate', false) ? project(layer, 'gate', query, [heads, valueDim]) : undefined;
  const [q, k, v] = [
    project(layer, 'query', query, [heads, keyDim]),
    project(layer, 'key', key, [heads, keyDim]),
    project(layer, 'value', value, [heads, valueDim]),
  ].map((projected) => headsFirst(projected, axes)) as [Heads, Heads, Heads];
  const scale = 1 / Math.sqrt(keyDim);
  const products = multiplyLast(q.matrices, transposeLast(k.matrices));
  const scaled = products.data.map((score) => score * scale);
  // [batch, other axes, heads, …query, …key] as Keras has them, and all keys of a query in one axis.
  const shape = [...q.outer, ...q.attended, ...k.attended];
  const flat = [...q.outer, ...q.attended, elementCount(k.attended)];
  const seen = mask && ndArray(flat, expandMask(mask, shape, axes.length, layer.name).data);
  const weights = weigh(ndArray(flat, scaled), seen, maskedScores(call, rank), layer.name);

  const [rows, keys] = [elementCount(q.attended), elementCount(k.attended)];
  const combined = multiplyLast(ndArray([...q.outer, rows, keys], weights.data), v.matrices);
  const back = headsBack(ndArray([...q.outer, ...q.attended, valueDim], combined.data), axes);
  const gated = gate === undefined ? back : multiplyGate(back, gate, layer.name);
  const { data, shape: outputShape } = projectHeads(layer, gated, outputSizes(layer, query));
  const output = { shape: outputShape, data, mask: queryMask };
  return isTrue(call.kwargs.return_attention_scores) ? [output, ndArray(shape, weights.data)] : [output];
}

/** Masks come with the inputs; Keras 3 takes them also by name, though since 3.8 not that of the query. */
function masksFrom(call: EvaluateCall, { query, value, key, ownKey }: AttentionInputs) {
  const keyMask = ownKey ? key.mask : undefined;
  const queryMask = isKeras(call.kerasVersion, 3, 8) ? undefined : namedMask(call, 'query_mask');
  return {
    query: queryMask ?? query.mask,
    others: [namedMask(call, 'value_mask') ?? value.mask, namedMask(call, 'key_mask') ?? keyMask],
  };
}

/**
 * Since 3.8 Keras' layer takes the masks off the arrays that it is given, so that layers which run after it don't find them there
 * (`backend.set_keras_mask(query, None)`). Masks that a file connects by name are not touched by that.
 */
function loseMask(array: NdArray): void {
  (array as { mask?: NdArray | undefined }).mask = undefined;
}

/** x [batch, …, dim] · kernel [dim, ...sizes] + bias [...sizes] */
export function project(layer: KerasLayer, part: string, x: NdArray, sizes: readonly number[]): NdArray {
  const [inner = 1] = x.shape.slice(-1);
  const kernel = weightOf(layer, `${part}/kernel`, [inner, ...sizes]);
  return affine(layer, part, x.data, kernel, [...x.shape.slice(0, -1), ...sizes], inner, sizes);
}

/** x [batch, …, heads, dim] · attention_output/kernel [heads, dim, ...sizes] + bias [...sizes] */
export function projectHeads(layer: KerasLayer, x: NdArray, sizes: readonly number[]): NdArray {
  const inner = x.shape.slice(-2);
  const kernel = weightOf(layer, 'attention_output/kernel', [...inner, ...sizes]);
  const shape = [...x.shape.slice(0, -2), ...sizes];
  return affine(layer, 'attention_output', x.data, kernel, shape, elementCount(inner), sizes);
}

function affine(
  layer: KerasLayer,
  part: string,
  x: Float64Array,
  kernel: NdArray,
  shape: readonly number[],
  inner: number,
  sizes: readonly number[],
): NdArray {
  const columns = elementCount(sizes);
  const product = multiplyMatrices(x, kernel.data, 1, x.length / inner, inner, columns);
  if (!readConfig(layer).flag('use_bias', true)) return ndArray(shape, product);
  const bias = weightOf(layer, `${part}/bias`, sizes).data;
  return ndArray(
    shape,
    product.map((sum, i) => sum + (bias[i % columns] ?? 0)),
  );
}

/** back · sigmoid(gate) */
export function multiplyGate(heads: NdArray, gate: NdArray, layerName: string): NdArray {
  return zipWith([heads, activate('sigmoid', gate, layerName)], layerName, (value, share) => value * share);
}

interface Heads {
  /** batch, the axes that aren't attended, heads */
  readonly outer: readonly number[];
  readonly attended: readonly number[];
  /** [...outer, product of the attended axes, dim] */
  readonly matrices: NdArray;
}

/** [batch, …, heads, dim] with the attended axes behind the heads. */
function headsFirst(x: NdArray, axes: readonly number[]): Heads {
  const outerAxes = [...x.shape.keys()].slice(0, -1).filter((axis) => !axes.includes(axis));
  const last = x.shape.length - 1;
  const { data } = transpose(x, [...outerAxes, ...axes, last]);
  const [outer, attended] = [outerAxes, axes].map((list) => list.map((axis) => x.shape[axis] ?? 1)) as [
    number[],
    number[],
  ];
  return { outer, attended, matrices: ndArray([...outer, elementCount(attended), x.shape[last] ?? 1], data) };
}

/** The inverse of headsFirst. */
function headsBack(x: NdArray, axes: readonly number[]): NdArray {
  const outerAxes = [...x.shape.keys()].slice(0, -1).filter((axis) => !axes.includes(axis));
  const order = [...outerAxes, ...axes, x.shape.length - 1];
  return transpose(
    x,
    [...x.shape.keys()].map((axis) => order.indexOf(axis)),
  );
}

function transposeLast(x: NdArray): NdArray {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
}

/** A mask in the scores' shape: what it lacks in axes is put before those of query and key. */
export function expandMask(mask: NdArray, shape: readonly number[], attended: number, layerName: string): NdArray {
  let expanded = mask;
  while (expanded.shape.length < shape.length) {
    expanded = withAxis(expanded, Math.max(0, expanded.shape.length - 2 * attended));
  }
  const spread = zipWith([expanded, ndArray(shape)], layerName, (kept) => kept);
  if (`${spread.shape}` === `${shape}`) return spread;
  throw wrongField(layerName, 'attention_mask', `of a shape that fits the scores [${shape}]`, mask.shape);
}

/** `output_shape`: a number, several, or none, which means the query's. */
function outputSizes(layer: KerasLayer, query: NdArray): readonly number[] {
  const { output_shape: given } = layer.config;
  if (given === undefined || given === null || (Array.isArray(given) && given.length === 0))
    return query.shape.slice(-1);
  const sizes = Array.isArray(given) ? given : [given];
  return readConfig({ name: layer.name, config: { output_shape: sizes } }).sizes('output_shape');
}
