import type { GraphValue } from '../../graph/graph-builder.js';
import { kerasMajor } from '../../keras/keras-version.js';
import { activationNames, emitActivation } from '../activations.js';
import type { Emitter } from '../emit.js';
import { withoutMask } from '../identities.js';
import { copyOperations } from './copies.js';
import { datatypeOperations } from './datatypes.js';
import { elementwiseOperations } from './elementwise.js';
import { imageOperations } from './images.js';
import { joinOperations } from './joins.js';
import { constantOf, type OperationEmitter, readOperation } from './operation.js';
import { productOperations } from './products.js';
import { reductionOperations } from './reductions.js';
import { shapeOperations } from './shapes.js';
import { slicingOperations } from './slicing.js';

/** An activation as a function: its settings are arguments, or the configuration of Keras 3. */
const activation =
  (name: string): OperationEmitter =>
  ({ graph, call, operand }) => {
    const named = Object.entries(call.kwargs).filter(([, { kind }]) => kind === 'constant');
    const settings = Object.fromEntries(named.map(([key, given]) => [key, constantOf(given)]));
    // keras.ops.gelu approximates unless told otherwise; tf.nn.gelu doesn't.
    const defaults = kerasMajor(call.kerasVersion) === 3 ? { approximate: true } : {};
    const config = { ...defaults, ...call.layer.config, ...settings };
    return emitActivation(graph, { class_name: name, config }, operand(0, 'x', 'features', 'logits'), call.layer);
  };

const byName: Readonly<Record<string, OperationEmitter>> = {
  ...Object.fromEntries(activationNames.map((name) => [name, activation(name)])),
  ...elementwiseOperations,
  ...imageOperations,
  ...productOperations,
  ...reductionOperations,
  ...copyOperations,
  ...datatypeOperations,
  ...joinOperations,
  ...shapeOperations,
  ...slicingOperations,
};

/** Functions end masks: Keras keeps them on what layers yield only. */
const asEmitter =
  (emit: OperationEmitter): Emitter =>
  (graph, call) => {
    const result = emit(readOperation(graph, call));
    const values: readonly GraphValue[] = 'node' in result ? [result] : result;
    return values.map(withoutMask);
  };

/** `op:` and the function's name in snake case. */
export const operations: Readonly<Record<string, Emitter>> = Object.fromEntries(
  Object.entries(byName).map(([name, emit]) => [`op:${name}`, asEmitter(emit)] as const),
);
