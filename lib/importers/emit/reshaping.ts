import * as v from 'valibot';
import { elementCount } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { dimension, expandDims, reshape, reshapeExactly, tile, transpose } from '../graph/ops/shape.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, onlyInput } from './emit.js';
import { withoutMask } from './identities.js';

/** [batch, ...] → [batch, ...target_shape], where -1 is whatever is left. */
const emitReshape: Emitter = (graph, call) => {
  const { target_shape } = readConfig(call.layer, v.object({ target_shape: v.array(v.number()) }));
  const x = onlyInput(call);
  const target = resolve(x.shape.slice(1), target_shape);
  if (target === undefined) {
    throw refused(call.layer, `[${x.shape.slice(1)}] can't become [${target_shape}]`);
  }
  return [toExamples(graph, x, target)];
};

/** One row for each example. */
const emitFlatten: Emitter = (graph, call) => {
  const { data_format } = readConfig(call.layer, v.object({ data_format: v.nullish(v.string()) }));
  const x = onlyInput(call);
  const [batch = 0, channels = 1, ...places] = x.shape.map((_, axis) => axis);
  const last = data_format === 'channels_first' && x.shape.length > 2 ? [batch, ...places, channels] : undefined;
  const ordered = last === undefined ? x : transpose(graph, x, last);
  const [size = -1] = resolve(x.shape.slice(1), [-1]) ?? [];
  return [toExamples(graph, ordered, [size])];
};

/**
 * Reshapes each example. Where all its sizes are known the batch is what is left; else the batch's size is taken from `x`,
 * as a -1 for it would let examples run into each other.
 */
function toExamples(graph: GraphBuilder, x: GraphValue, target: readonly number[]): GraphValue {
  if (!x.shape.slice(1).includes(-1) && !target.includes(-1)) return reshape(graph, x, [dimension(x, 0), ...target]);
  return reshapeExactly(graph, x, [dimension(x, 0), ...target]);
}

/** The target with its -1 filled in if that is known; undefined where the sizes don't fit. */
function resolve(from: readonly number[], target: readonly number[]): number[] | undefined {
  if (target.filter((size) => size === -1).length > 1) return undefined;
  if (from.includes(-1)) return [...target];
  const rest = elementCount(from) / elementCount(target.filter((size) => size !== -1));
  const fits = target.includes(-1) ? Number.isInteger(rest) : rest === 1;
  return fits ? target.map((size) => (size === -1 ? rest : size)) : undefined;
}

/** Axes of an example, counted from 1, in another order. */
const emitPermute: Emitter = (graph, call) => {
  const { dims } = readConfig(call.layer, v.object({ dims: v.array(v.number()) }));
  const x = onlyInput(call);
  const expected = x.shape.slice(1).map((_, axis) => axis + 1);
  if (dims.length !== expected.length || expected.some((axis) => !dims.includes(axis))) {
    throw refused(call.layer, `dims [${dims}] don't fit an example of ${expected.length} axes`);
  }
  return [withoutMask(transpose(graph, x, [0, ...dims]))];
};

/** [batch, features] → [batch, n, features]. */
const emitRepeatVector: Emitter = (graph, call) => {
  const { n } = readConfig(call.layer, v.object({ n: v.pipe(v.number(), v.integer(), v.minValue(1)) }));
  const x = onlyInput(call);
  if (x.shape.length !== 2) throw refused(call.layer, `its input should have 2 axes, not ${x.shape.length}`);
  return [tile(graph, expandDims(graph, x, 1), [1, n, 1])];
};

export const reshaping: Readonly<Record<string, Emitter>> = {
  Reshape: emitReshape,
  Flatten: emitFlatten,
  Permute: emitPermute,
  RepeatVector: emitRepeatVector,
};
