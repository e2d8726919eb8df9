import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { isTrue } from './attention-arguments.js';
import { groupQueryAttention } from './attention-group-query.js';
import { multiHeadAttention } from './attention-multi-head.js';
import { bothMasks, causalMask, multiplyLast, weigh, withAxis } from './attention-scores.js';
import { transpose } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { weightOf } from './layer-weights.js';
import { zipWith } from './operations-broadcast.js';
import { readConfig } from './read-config.js';

/** Layers in which each step looks at all others. */
export const attention: Record<string, LayerFunction> = {
  Attention: denseAttention(dotScores),
  AdditiveAttention: denseAttention(additiveScores),
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
};

type Scores = (layer: KerasLayer, query: NdArray, key: NdArray) => NdArray;

/**
 * softmax(scores(query, key)) · value, for [query [batch, Tq, dim], value [batch, Tv, …]] or [query, value, key]; without a key the
 * value is it. Masked values have no weight, nor those behind a query's position with `use_causal_mask` (a setting `causal` in
 * older files); masked queries are 0. With `return_attention_scores` the weights [batch, Tq, Tv] come second. The query's mask goes on.
 */
function denseAttention(scores: Scores): LayerFunction {
  return (call) => {
    const { layer, kwargs } = call;
    const [query, value, key = value] = call.inputs;
    if (query === undefined || value === undefined || key === undefined || call.inputs.length > 3) {
      throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' takes query, value and perhaps key; connect them`);
    }
    const fits = [query, value, key].every(({ shape }) => shape.length === 3 && shape[0] === query.shape[0]);
    if (!fits || query.shape[2] !== key.shape[2] || value.shape[1] !== key.shape[1]) {
      const shapes = [query, value, key].map(({ shape }) => formatShape(shape)).join(', ');
      throw new ModeletError(
        'INVALID_INPUT',
        `layer '${layer.name}' is given ${shapes}; make query, value and key fit`,
      );
    }
    const [queryMask, valueMask] = masksOf(call, query, value);
    const causal = isTrue(kwargs.use_causal_mask) || readConfig(layer).flag('causal', false);
    const [queries = 1, keys = 1] = [query.shape[1], key.shape[1]];
    const mask = bothMasks(
      [valueMask && withAxis(valueMask, 1), causal ? causalMask(queries, keys) : undefined],
      layer.name,
    );
    const weights = weigh(scores(layer, query, key), mask, 'lowered', layer.name);
    const result = multiplyLast(weights, value);
    const { shape, data } =
      queryMask === undefined
        ? result
        : zipWith([result, withAxis(queryMask, 2)], layer.name, (number, kept) => (kept ? number : 0));
    // Before 3.4 Keras 3 loses the masks of a list.
    const lost = kerasMajor(call.kerasVersion) === 3 && !isKeras(call.kerasVersion, 3, 4);
    const output = { shape, data, mask: lost ? undefined : queryMask };
    return isTrue(kwargs.return_attention_scores) ? [output, weights] : [output];
  };
}

/** The masks of query and value: given as `mask=[…, …]`, or come with them. */
function masksOf({ layer, kwargs }: EvaluateCall, query: NdArray, value: NdArray): (NdArray | undefined)[] {
  if (kwargs.mask === undefined) return [query.mask, value.mask];
  if (kwargs.mask.kind === 'list') {
    return kwargs.mask.items.map((item) => (item.kind === 'value' ? item.value : undefined));
  }
  throw new ModeletError('INVALID_INPUT', `layer '${layer.name}': its mask is no list; give those of query and value`);
}

/** query · keyᵀ · scale, or with `score_mode` concat weight · Σ tanh(scale · (query + key)); the scale only with `use_scale`. */
function dotScores(layer: KerasLayer, query: NdArray, key: NdArray): NdArray {
  const config = readConfig(layer);
  const [scale = 1] = config.flag('use_scale', false) ? weightOf(layer, 'scale', []).data : [];
  if (config.choice('score_mode', ['dot', 'concat'], 'dot') === 'dot') {
    const products = multiplyLast(query, transpose(key, [0, 2, 1]));
    return ndArray(
      products.shape,
      products.data.map((score) => score * scale),
    );
  }
  const [weight = 1] = weightOf(layer, 'concat_score_weight', []).data;
  const sums = sumPairs(layer, query, key, (pair) => Math.tanh(scale * pair));
  return ndArray(
    sums.shape,
    sums.data.map((sum) => weight * sum),
  );
}

/** Σ scale · tanh(query + key); the scale, one number a dimension, is 1 without `use_scale`. */
function additiveScores(layer: KerasLayer, query: NdArray, key: NdArray): NdArray {
  const scale = readConfig(layer).flag('use_scale', true)
    ? weightOf(layer, 'scale', [query.shape[2] ?? 1]).data
    : undefined;
  return sumPairs(layer, query, key, (pair, i) => (scale?.[i] ?? 1) * Math.tanh(pair));
}

/** For each query and key the sum over their dimensions of f(query + key). */
function sumPairs(
  layer: KerasLayer,
  query: NdArray,
  key: NdArray,
  f: (pair: number, dimension: number) => number,
): NdArray {
  const pairs = zipWith([withAxis(query, 2), withAxis(key, 1)], layer.name, (q, k) => q + k);
  const width = pairs.shape.at(-1) ?? 1;
  const result = ndArray(pairs.shape.slice(0, -1));
  pairs.data.forEach((pair, i) => {
    const place = Math.floor(i / width);
    result.data[place] = (result.data[place] ?? 0) + f(pair, i % width);
  });
  return result;
}
