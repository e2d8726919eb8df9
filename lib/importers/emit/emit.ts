import { ModeletError } from '../../core/errors.js';
import type { Graph } from '../graph/graph.js';
import { createGraphBuilder, type GraphBuilder, type GraphValue } from '../graph/graph-builder.js';
import type { KerasModel } from '../keras/keras-model.js';
import { passesMask } from '../keras/masks.js';
import { refused } from '../keras/read-layer.js';
import { type ResolvedCall, walk } from '../keras/walk.js';
import { masksOf } from './arguments.js';
import { emitters } from './emitters.js';
import { takeMasks, withMasksLeft } from './taken-masks.js';

/** A layer's call with the values it is given. */
export type EmitCall = ResolvedCall<GraphValue>;

/**
 * Adds a call's nodes to the graph.
 * @returns the call's outputs; a mask that it sets on them holds, else a layer which merely passes masks hands its input's on
 */
export type Emitter = (graph: GraphBuilder, call: EmitCall) => readonly GraphValue[];

/**
 * Turns a Keras model into a TF.js graph, layer by layer and without optimisation (`optimise` folds and fuses).
 * @throws INVALID_INPUT naming the layer that can't be expressed, and why
 */
export function emitModel(model: KerasModel): Graph {
  const graph = createGraphBuilder();
  const inputs = model.inputs.map((spec) => graph.input(spec));
  const outputs = walk(model, inputs, (call) => emitCall(graph, call));
  return graph.finish(model.outputs.map(({ name }, index) => ({ name, value: outputs[index] as GraphValue })));
}

/** One call; wrappers (TimeDistributed, Bidirectional) use it for the layers inside them. */
export function emitCall(graph: GraphBuilder, given: EmitCall): readonly GraphValue[] {
  const call = withMasksLeft(given);
  const { layer } = call;
  const emit = emitters.get(layer.className);
  if (emit === undefined) throw refused(layer, unknownClass(layer.className));
  const outputs = graph.inScope(layer.name, () => {
    try {
      return emit(graph, call);
    } catch (error) {
      // Shapes that don't go together: the ops know the sizes, only here is the layer known.
      throw error instanceof RangeError ? refused(layer, error.message) : error;
    }
  });
  takeMasks(given);
  const mask = passesMask(layer.className, call.kerasVersion) ? masksOf(call)[0] : undefined;
  return mask === undefined ? outputs : outputs.map((output) => ('mask' in output ? output : { ...output, mask }));
}

function unknownClass(className: string): string {
  if (className === 'Lambda') {
    return 'it holds Python code, which is never run; replace it by layers and save the model again';
  }
  const what = className.startsWith('op:') ? `the operation '${className.slice(3)}'` : 'a layer of this class';
  return `${what} is not known, and custom code is never run; express it by Keras' own layers and save the model again`;
}

/** The one input of a layer that takes one. @throws INVALID_INPUT */
export function onlyInput({ layer, inputs }: EmitCall): GraphValue {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1)
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' takes one input`);
  return input;
}
