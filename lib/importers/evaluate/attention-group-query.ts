import { ModeletError } from '../../core/errors.js';
import { type NdArray, ndArray } from './array.js';
import { attentionInputs, attentionMask, isTrue, maskedScores, namedMask } from './attention-arguments.js';
import { expandMask, multiplyGate, project, projectHeads } from './attention-multi-head.js';
import { multiplyLast, weigh } from './attention-scores.js';
import { transpose } from './axes.js';
import type { EvaluateCall } from './evaluate.js';
import { readConfig, wrongField } from './read-config.js';

/**
 * Ainslie et al., 2023: multi-head attention in which `num_key_value_heads` heads of key and value serve `num_query_heads` heads of
 * the query, each as many neighbours as the others: [batch, T, dim] → [batch, T, dim of the query]. Masks come with the inputs or by
 * name. With `return_attention_scores` the weights [batch, heads, Tq, Tv] come second. The query's mask goes on.
 */
export function groupQueryAttention(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const config = readConfig(layer);
  const inputs = attentionInputs(call);
  const { query, key, value, ownKey } = inputs;
  if (query.shape.length !== 3) {
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' is given [${query.shape}]; it takes 3 dimensions`);
  }
  const [heads, groups, dim] = [
    config.size('num_query_heads'),
    config.size('num_key_value_heads'),
    config.size('head_dim'),
  ];
  if (heads % groups !== 0) throw wrongField(layer.name, 'num_key_value_heads', `a divisor of ${heads}`, groups);
  const keyMask = ownKey ? key.mask : undefined;
  const mask = attentionMask(call, inputs, {
    query: namedMask(call, 'query_mask') ?? query.mask,
    others: [namedMask(call, 'value_mask') ?? value.mask, namedMask(call, 'key_mask') ?? keyMask],
  });
  const q = transpose(project(layer, 'query', query, [heads, dim]), [0, 2, 1, 3]);
  const k = repeatHeads(transpose(project(layer, 'key', key, [groups, dim]), [0, 2, 3, 1]), heads / groups);
  const v = repeatHeads(transpose(project(layer, 'value', value, [groups, dim]), [0, 2, 1, 3]), heads / groups);
  const products = multiplyLast(q, k);
  const scores = ndArray(
    products.shape,
    products.data.map((score) => score / Math.sqrt(dim)),
  );
  const seen = mask && expandMask(mask, scores.shape, 1, layer.name);
  const weights = weigh(scores, seen, maskedScores(call, 3), layer.name);
  const combined = transpose(multiplyLast(weights, v), [0, 2, 1, 3]);
  const gated = config.flag('use_gate', false)
    ? multiplyGate(combined, project(layer, 'gate', query, [heads, dim]), layer.name)
    : combined;
  const output = { ...projectHeads(layer, gated, query.shape.slice(-1)), mask: query.mask };
  return isTrue(call.kwargs.return_attention_scores) ? [output, weights] : [output];
}

/** Each head of [batch, heads, …] `times` times, one behind the other. */
function repeatHeads(x: NdArray, times: number): NdArray {
  const [batch = 1, heads = 1, ...rest] = x.shape;
  const size = x.data.length / batch / heads;
  const result = ndArray([batch, heads * times, ...rest]);
  for (let row = 0; row < batch * heads * times; row++) {
    const from = Math.floor(row / times) * size;
    result.data.set(x.data.subarray(from, from + size), row * size);
  }
  return result;
}
