import * as v from 'valibot';
import { makeTensor } from '../../core/tensor.js';
import { arithmetic, cast, comparison, scalar, select } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { expandDims } from '../graph/ops/shape.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { encode } from './category-encoding.js';
import { type Emitter, onlyInput } from './emit.js';

const lookupSchema = v.object({
  vocabulary: v.pipe(v.array(v.pipe(v.number(), v.integer())), v.minLength(1)),
  num_oov_indices: v.optional(v.number(), 1),
  mask_token: v.nullish(v.number()),
  oov_token: v.optional(v.number(), -1),
  invert: v.optional(v.boolean(), false),
  output_mode: v.optional(v.picklist(['int', 'one_hot', 'multi_hot', 'count']), 'int'),
  pad_to_max_tokens: v.optional(v.boolean(), false),
  max_tokens: v.nullish(v.number()),
});

/** Each integer → its place in the vocabulary, behind that of unknown ones; the mask token, before both, is 0. */
const emitIntegerLookup: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, lookupSchema);
  const { vocabulary, mask_token: mask, output_mode } = config;
  if (config.invert || config.num_oov_indices !== 1) {
    throw refused(layer, 'only lookups with one index for unknown integers are supported, and not their inverse');
  }
  const masked = mask !== undefined && mask !== null;
  if (masked && output_mode !== 'int') throw refused(layer, `a mask_token with output_mode '${output_mode}'`);
  const special = [...(masked ? [mask] : []), config.oov_token];
  const hasSpecial = special.every((token, index) => vocabulary[index] === token);
  const tokens = hasSpecial ? vocabulary.slice(special.length) : vocabulary;
  const unknown = special.length - 1;
  const places = Float32Array.from(tokens, (_, index) => index + special.length - unknown);
  const x = cast(graph, onlyInput(call), 'INT32');
  const known = graph.constant(makeTensor('INT32', [tokens.length], Int32Array.from(tokens)), 'vocabulary');
  const hits = cast(graph, comparison(graph, 'Equal', expandDims(graph, x, -1), known), 'FP32');
  const behind = arithmetic(graph, 'Mul', hits, graph.constant(makeTensor('FP32', [tokens.length], places), 'places'));
  const place = arithmetic(graph, 'AddV2', reduce(graph, 'Sum', behind, [-1]), scalar(graph, unknown));
  const left = masked
    ? select(graph, comparison(graph, 'Equal', x, scalar(graph, mask, 'INT32')), scalar(graph, 0), place)
    : place;
  const depth = config.pad_to_max_tokens && config.max_tokens ? config.max_tokens : special.length + tokens.length;
  return [encode(graph, cast(graph, left, 'INT32'), output_mode, depth)];
};

export const integerLookup: Readonly<Record<string, Emitter>> = { IntegerLookup: emitIntegerLookup };
