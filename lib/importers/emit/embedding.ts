import * as v from 'valibot';
import { cast, comparison, scalar } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { gather, squeeze } from '../graph/ops/shape.js';
import { readConfig, readWeight } from '../keras/read-layer.js';
import { type Emitter, onlyInput } from './emit.js';
import { zeroMasked } from './score-masks.js';

/** Each number → its row. A number outside the table fails the request. */
const emitEmbedding: Emitter = (graph, call) => {
  const { layer } = call;
  const { mask_zero } = readConfig(layer, v.object({ mask_zero: v.optional(v.boolean(), false) }));
  const x = onlyInput(call);
  const table = graph.constant(readWeight(layer, 'embeddings', 2), 'embeddings');
  const rows = gather(graph, table, cast(graph, x, 'INT32'));
  if (!mask_zero) return [rows];
  const mask = comparison(graph, 'NotEqual', x, scalar(graph, 0, x.datatype === 'INT32' ? 'INT32' : 'FP32'));
  return [{ ...rows, mask }];
};

/** Masks the steps whose features all are `mask_value`, and sets them to 0. */
const emitMasking: Emitter = (graph, call) => {
  const { mask_value } = readConfig(call.layer, v.object({ mask_value: v.optional(v.number(), 0) }));
  const x = cast(graph, onlyInput(call), 'FP32');
  const differs = comparison(graph, 'NotEqual', x, scalar(graph, mask_value));
  const counts = reduce(graph, 'Any', differs, [-1], true);
  return [{ ...zeroMasked(graph, x, counts), mask: squeeze(graph, counts, [-1]) }];
};

export const embedding: Readonly<Record<string, Emitter>> = { Embedding: emitEmbedding, Masking: emitMasking };
