import { ModeletError } from '../../core/errors.js';
import type { KerasModel } from '../keras/keras-model.js';
import { passesMask } from '../keras/masks.js';
import { type ResolvedCall, walk } from '../keras/walk.js';
import type { NdArray } from './array.js';
import { layerFunctions } from './layer-functions.js';
import { maskOf } from './masking.js';

/** A layer's call with the values it is given. */
export type EvaluateCall = ResolvedCall<NdArray>;

/** Keras' definition of a layer at inference: a call → its outputs. */
export type LayerFunction = (call: EvaluateCall) => readonly NdArray[];

/**
 * What Keras would answer, computed in float64 from Keras' definitions, one layer after the other. Slow and plain on purpose:
 * it is the proof of the graph that is served, and shares no code with what makes or runs that graph.
 * @param inputs one array for each input of the model, in its order
 * @returns one array for each output of the model
 */
export function evaluate(model: KerasModel, inputs: readonly NdArray[]): NdArray[] {
  return walk(model, inputs, evaluateCall);
}

/** One call; wrappers (TimeDistributed, Bidirectional) use it for the layers inside them. */
export function evaluateCall(call: EvaluateCall): readonly NdArray[] {
  const { className, name } = call.layer;
  const compute = layerFunctions.get(className);
  if (compute === undefined) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${name}': there is no evaluator for the class ${className}; use one of Keras' own`,
    );
  }
  const outputs = compute(call);
  const mask = passesMask(className, call.kerasVersion) ? maskOf(call) : undefined;
  return mask === undefined ? outputs : outputs.map((output) => ('mask' in output ? output : { ...output, mask }));
}
