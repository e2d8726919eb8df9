import * as v from 'valibot';
import { makeTensor } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, comparison } from '../graph/ops/elementwise.js';
import { oneHot } from '../graph/ops/one-hot.js';
import { reduce } from '../graph/ops/reduce.js';
import { expandDims, squeeze } from '../graph/ops/shape.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { valueArgument } from './arguments.js';
import { type Emitter, onlyInput } from './emit.js';

type Mode = 'int' | 'one_hot' | 'multi_hot' | 'count';

/**
 * Integers as rows of `depth` numbers. `one_hot`: a row each (a last axis of 1 is dropped); `multi_hot`, `count`: one row for
 * all integers along axis 1, with ones or with how often each is there (or the sum of its weights). Integers below 0 or from
 * `depth` on are in no row.
 */
export function encode(
  graph: GraphBuilder,
  x: GraphValue,
  mode: Mode,
  depth: number,
  weights?: GraphValue,
): GraphValue {
  if (mode === 'int') return x;
  const rank = x.shape.length;
  if (mode === 'one_hot') {
    return oneHot(graph, rank > 1 && x.shape[rank - 1] === 1 ? squeeze(graph, x, [-1]) : x, depth);
  }
  if (rank < 2) throw new RangeError(`${mode} needs examples of several integers`);
  const rows = oneHot(graph, x, depth);
  if (mode === 'multi_hot') return reduce(graph, 'Max', rows, [1]);
  const weighted = weights === undefined ? rows : arithmetic(graph, 'Mul', rows, expandDims(graph, weights, -1));
  return reduce(graph, 'Sum', weighted, [1]);
}

const categorySchema = v.object({
  num_tokens: v.pipe(v.number(), v.integer(), v.minValue(1)),
  output_mode: v.optional(v.picklist(['one_hot', 'multi_hot', 'binary', 'count']), 'multi_hot'),
});

/** Keras 3 up to 3.3: what all others, and its own `compute_output_shape`, leave out. */
function keepsLastAxis(kerasVersion: string): boolean {
  return kerasMajor(kerasVersion) === 3 && !isKeras(kerasVersion, 3, 4);
}

const emitCategoryEncoding: Emitter = (graph, call) => {
  const { num_tokens, output_mode } = readConfig(call.layer, categorySchema);
  const mode = output_mode === 'binary' ? 'multi_hot' : output_mode;
  const weights = valueArgument(call, 'count_weights', 1);
  if (weights !== undefined && mode !== 'count') throw refused(call.layer, 'count_weights are for output_mode count');
  const [input] = call.inputs;
  if (input === undefined) throw refused(call.layer, 'it has no input');
  if (mode === 'one_hot' && input.shape.at(-1) === 1 && keepsLastAxis(call.kerasVersion)) {
    throw refused(call.layer, 'Keras 3 before 3.4 keeps the last axis of its input; save the model with a later Keras');
  }
  const integers = cast(graph, input, 'INT32');
  return [encode(graph, integers, mode, num_tokens, weights && cast(graph, weights, 'FP32'))];
};

const discretizationSchema = v.object({
  bin_boundaries: v.array(v.number()),
  output_mode: v.optional(v.picklist(['int', 'one_hot', 'multi_hot', 'count']), 'int'),
});

/** The number of boundaries that are not above each value. */
const emitDiscretization: Emitter = (graph, call) => {
  const { bin_boundaries: boundaries, output_mode } = readConfig(call.layer, discretizationSchema);
  const x = expandDims(graph, cast(graph, onlyInput(call), 'FP32'), -1);
  const bounds = graph.constant(makeTensor('FP32', [boundaries.length], Float32Array.from(boundaries)), 'boundaries');
  const reached = cast(graph, comparison(graph, 'GreaterEqual', x, bounds), 'FP32');
  const bins = cast(graph, reduce(graph, 'Sum', reached, [-1]), 'INT32');
  return [encode(graph, bins, output_mode, boundaries.length + 1)];
};

export const categoryEncoding: Readonly<Record<string, Emitter>> = {
  CategoryEncoding: emitCategoryEncoding,
  Discretization: emitDiscretization,
};
