import { makeTensor } from '../../core/tensor.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { comparison } from '../graph/ops/elementwise.js';
import { concat, dimension, exactSizes } from '../graph/ops/shape.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { masksOf } from './arguments.js';
import type { EmitCall } from './emit.js';
import { allOf } from './score-masks.js';

/** Keras 3 up to 3.3 tracked masks outside its layers, and none came through a merge. */
function losesMasks(kerasVersion: string): boolean {
  return kerasMajor(kerasVersion) === 3 && !isKeras(kerasVersion, 3, 4);
}

/**
 * The mask of what a merge layer yields. Since Keras 3.4 a step counts if it does in one of the inputs, and only where all of
 * them have masks; in Keras 2, if it does in all inputs that have masks.
 */
export function mergedMask(graph: GraphBuilder, call: EmitCall): GraphValue | undefined {
  const masks = masksOf(call);
  if (losesMasks(call.kerasVersion)) return undefined;
  if (kerasMajor(call.kerasVersion) < 3) return allOf(graph, masks);
  return masks.includes(undefined) ? undefined : anyOf(graph, masks as GraphValue[]);
}

/**
 * The mask of a concatenation: along the features as `mergedMask`, but that an input without a mask counts everywhere;
 * along the time axis the masks behind one another.
 */
export function concatenatedMask(graph: GraphBuilder, call: EmitCall, axis: number): GraphValue | undefined {
  const masks = masksOf(call);
  if (losesMasks(call.kerasVersion) || masks.every((mask) => mask === undefined)) return undefined;
  const rank = call.inputs[0]?.shape.length ?? 0;
  const at = axis < 0 ? axis + rank : axis;
  if (masks.some((mask) => mask !== undefined && mask.shape.length !== rank - 1)) {
    throw new RangeError(`masks of inputs with ${rank} axes should have one axis less`);
  }
  if (at === rank - 1) {
    const given = masks.filter((mask) => mask !== undefined);
    if (kerasMajor(call.kerasVersion) < 3) return allOf(graph, given);
    return given.length < masks.length ? undefined : anyOf(graph, given);
  }
  const parts = masks.map((mask, index) => mask ?? allTrue(graph, call.inputs[index] as GraphValue));
  return concat(graph, parts, at);
}

function anyOf(graph: GraphBuilder, masks: readonly GraphValue[]): GraphValue {
  return masks.reduce((a, b) => comparison(graph, 'LogicalOr', a, b));
}

/** A mask for all steps of `x`: what Keras assumes for an input without one. */
function allTrue(graph: GraphBuilder, x: GraphValue): GraphValue {
  const sizes = x.shape.slice(0, -1).map((_, axis) => dimension(x, axis));
  const shape = x.shape.slice(0, -1);
  const one = graph.constant(makeTensor('BOOL', [], Uint8Array.of(1)), 'true');
  const vector = exactSizes(graph, sizes);
  const attributes = { T: attribute.type('BOOL'), index_type: attribute.type('INT32') };
  return graph.node('Fill', [vector, one], attributes, { datatype: 'BOOL', shape });
}
