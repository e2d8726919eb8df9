import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { isKeras } from '../keras/keras-version.js';
import type { NdArray } from './array.js';
import { bothMasks, causalMask, positionMask, withAxis } from './attention-scores.js';
import type { EvaluateCall } from './evaluate.js';
import { readConfig } from './read-config.js';

/** Whether an argument is there and true. */
export function isTrue(argument: EvaluateCall['kwargs'][string] | undefined): boolean {
  return argument?.kind === 'constant' && argument.value === true;
}

export interface AttentionInputs {
  readonly query: NdArray;
  readonly value: NdArray;
  readonly key: NdArray;
  /** Whether the key was given, and is not just the value. */
  readonly ownKey: boolean;
}

/** Query, value and key of a multi-head layer, by position or by name; without a key the value is it. */
export function attentionInputs(call: EvaluateCall): AttentionInputs {
  const [query, value, given] = (['query', 'value', 'key'] as const).map((name, position) => {
    const argument = call.kwargs[name] ?? call.args[position];
    return argument?.kind === 'value' ? argument.value : undefined;
  });
  const { name } = call.layer;
  if (query === undefined || value === undefined) {
    throw new ModeletError('INVALID_INPUT', `layer '${name}' takes query and value; connect them`);
  }
  const key = given ?? value;
  const rank = query.shape.length;
  const alike = [value, key].every(({ shape }) => shape.length === rank && shape[0] === query.shape[0]);
  if (rank < 3 || !alike || `${value.shape.slice(0, -1)}` !== `${key.shape.slice(0, -1)}`) {
    const shapes = [query, value, key].map(({ shape }) => formatShape(shape)).join(', ');
    throw new ModeletError('INVALID_INPUT', `layer '${name}' is given ${shapes}; make query, value and key fit`);
  }
  return { query, value, key, ownKey: given !== undefined };
}

/** A mask argument by its name. */
export function namedMask({ layer, kwargs }: EvaluateCall, name: string): NdArray | undefined {
  const argument = kwargs[name];
  if (argument === undefined || argument.kind === 'value') return argument?.value;
  throw new ModeletError('INVALID_INPUT', `layer '${layer.name}': ${name} is no mask; give one that is computed`);
}

/**
 * What may be seen, [batch, Tq, Tv] or less: `attention_mask`, the masks of query [batch, Tq, 1] and value and key [batch, 1, Tv],
 * with `use_causal_mask` nothing behind the query's position, with a `sliding_window` only what is less than so far away. They all
 * must allow it.
 */
export function attentionMask(
  call: EvaluateCall,
  { query, value }: AttentionInputs,
  masks: { readonly query: NdArray | undefined; readonly others: readonly (NdArray | undefined)[] },
): NdArray | undefined {
  const { layer, kwargs } = call;
  const config = readConfig(layer);
  const [queries = 1, keys = 1] = [query.shape[1], value.shape[1]];
  const window = config.has('sliding_window') ? config.size('sliding_window') : undefined;
  return bothMasks(
    [
      namedMask(call, 'attention_mask'),
      masks.query && withAxis(masks.query, masks.query.shape.length),
      ...masks.others.map((mask) => mask && withAxis(mask, mask.shape.length - 1)),
      isTrue(kwargs.use_causal_mask) ? causalMask(queries, keys) : undefined,
      window === undefined ? undefined : positionMask(queries, keys, (q, k) => Math.abs(q - k) < window),
    ],
    layer.name,
  );
}

/**
 * How masked scores are treated. Since 3.7 Keras computes without the Softmax layer unless weights are asked for or there is a
 * dropout rate (also when predicting), or there are more axes than batch, time and features; since 3.10 that layer removes them.
 */
export function maskedScores(call: EvaluateCall, rank: number): 'lowered' | 'replaced' | 'removed' {
  const asked = call.kwargs.return_attention_scores;
  const direct = readConfig(call.layer).number('dropout', 0) === 0 && rank === 3;
  if (direct && !isTrue(asked) && isKeras(call.kerasVersion, 3, 7)) return 'replaced';
  return isKeras(call.kerasVersion, 3, 10) ? 'removed' : 'lowered';
}
