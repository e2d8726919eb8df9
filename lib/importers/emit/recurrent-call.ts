import * as v from 'valibot';
import type { GraphValue } from '../graph/graph-builder.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import type { Resolved } from '../keras/walk.js';
import { masksOf } from './arguments.js';
import type { EmitCall } from './emit.js';

/** Settings of the loop over time, the same for all recurrent layers; `unroll` and dropout change no result. */
const loopSchema = v.object({
  return_sequences: v.optional(v.boolean(), false),
  return_state: v.optional(v.boolean(), false),
  go_backwards: v.optional(v.boolean(), false),
  zero_output_for_mask: v.optional(v.boolean(), false),
  stateful: v.optional(v.boolean(), false),
  time_major: v.optional(v.boolean(), false),
});

/** @throws INVALID_INPUT where the loop's result can't be had here */
export function readLoop(layer: KerasLayer): v.InferOutput<typeof loopSchema> {
  const loop = readConfig(layer, loopSchema);
  if (loop.stateful) {
    throw refused(
      layer,
      'it is stateful: its answer depends on earlier requests, which a function does not remember; ' +
        'set stateful=False, which keeps the weights, and save the model again',
    );
  }
  if (loop.time_major) throw refused(layer, 'it is time_major; move the batch axis to the front and save it again');
  return loop;
}

/** What a recurrent layer, or Bidirectional, is called with. */
export interface RecurrentCall {
  readonly x: GraphValue;
  /** As many as the layer has, or none. */
  readonly states: readonly GraphValue[];
  /** The mask that the layer works with. */
  readonly mask: GraphValue | undefined;
  /** The mask that goes on with its sequence. */
  readonly handedOn: GraphValue | undefined;
}

/**
 * Keras 3 hands a mask which the input brings only to layers that are called with one tensor (`Layer.__call__`, "Populate mask
 * argument(s)"): a layer that is given initial states, too, skips no step, though the mask goes on behind it.
 * @throws INVALID_INPUT for other arguments
 */
export function readCall(call: EmitCall): RecurrentCall {
  const { layer, kwargs, inputs, kerasVersion } = call;
  const [x, ...others] = inputs;
  if (x === undefined || others.length > 0) throw refused(layer, 'it takes one sequence');
  const valuesIn = (given: Resolved<GraphValue> | undefined): GraphValue[] => {
    if (given?.kind === 'value') return [given.value];
    if (given?.kind === 'list') return given.items.flatMap(valuesIn);
    if (given === undefined || given.value === null) return [];
    throw refused(layer, 'it is called with numbers that the file holds; make them an input of the model');
  };
  if (valuesIn(kwargs.constants).length > 0) throw refused(layer, 'its cell takes constants');
  const states = valuesIn(kwargs.initial_state);
  const [handedOn] = masksOf(call);
  const lost = kwargs.mask === undefined && states.length > 0 && kerasMajor(kerasVersion) === 3;
  return { x, states, mask: lost ? undefined : handedOn, handedOn };
}
