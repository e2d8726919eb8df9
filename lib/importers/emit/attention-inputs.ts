import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast } from '../graph/ops/elementwise.js';
import { dimension, expandDims } from '../graph/ops/shape.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { isKeras } from '../keras/keras-version.js';
import { readWeight, refused } from '../keras/read-layer.js';
import { flagArgument, valueArgument } from './arguments.js';
import { project } from './einsum.js';
import type { EmitCall } from './emit.js';
import { allOf, asTruth, positionsMask } from './score-masks.js';

/** Settings that all layers of several heads have. */
export const headSettings = {
  use_bias: v.optional(v.boolean(), true),
  dropout: v.optional(v.number(), 0),
  sliding_window: v.nullish(v.number()),
  use_gate: v.optional(v.boolean(), false),
};

export type HeadSettings = v.InferOutput<v.ObjectSchema<typeof headSettings, undefined>>;

export interface AttentionInputs {
  readonly query: GraphValue;
  readonly value: GraphValue;
  readonly key: GraphValue;
}

/** Without a key the value is one. @throws INVALID_INPUT without a query or a value */
export function attentionInputs(graph: GraphBuilder, call: EmitCall): AttentionInputs {
  const query = valueArgument(call, 'query', 0);
  const value = valueArgument(call, 'value', 1);
  if (query === undefined || value === undefined) throw refused(call.layer, 'it takes a query and a value');
  const key = valueArgument(call, 'key', 2) ?? value;
  return { query: cast(graph, query, 'FP32'), value: cast(graph, value, 'FP32'), key: cast(graph, key, 'FP32') };
}

/** Since Keras 3.8 MultiHeadAttention looks for the query's mask only at the query itself, not among its arguments. */
function ignoresQueryMask({ layer, kerasVersion }: EmitCall): boolean {
  return layer.className === 'MultiHeadAttention' && isKeras(kerasVersion, 3, 8);
}

/** Which keys a query may see: BOOL [batch or 1, queries, keys]. */
export function attentionMask(
  graph: GraphBuilder,
  call: EmitCall,
  config: HeadSettings,
  { query, value }: AttentionInputs,
): GraphValue | undefined {
  const brought = (name: 'query' | 'key' | 'value', position: number): GraphValue | undefined =>
    valueArgument(call, `${name}_mask`) ?? valueArgument(call, name, position)?.mask;
  const along = (mask: GraphValue | undefined, axis: number): GraphValue | undefined =>
    mask && expandDims(graph, asTruth(graph, mask), axis);
  const explicit = valueArgument(call, 'attention_mask');
  const [rows, columns] = [dimension(query, 1), dimension(value, 1)];
  const { sliding_window } = config;
  return allOf(graph, [
    explicit && asTruth(graph, explicit),
    along(ignoresQueryMask(call) ? valueArgument(call, 'query', 0)?.mask : brought('query', 0), -1),
    along(brought('value', 1), -2),
    along(brought('key', 2), -2),
    flagArgument(call, 'use_causal_mask') ? positionsMask(graph, rows, columns, 'causal') : undefined,
    typeof sliding_window === 'number' ? positionsMask(graph, rows, columns, { window: sliding_window }) : undefined,
  ]);
}

/** x · kernel + bias over the last `summed` axes of x, by the weights of an inner layer of this name. */
export function projected(
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
