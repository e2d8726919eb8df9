import * as v from 'valibot';
import { arithmetic, comparison, scalar, unary } from '../graph/ops/elementwise.js';
import { softmax } from '../graph/ops/softmax.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import { masksOf } from './arguments.js';
import { type Emitter, onlyInput } from './emit.js';
import { maskedSoftmax, ofSoftmaxLayer } from './score-masks.js';

/** A layer that does what an activation does, with the layer's settings. */
const asActivation =
  (defaults: Readonly<Record<string, unknown>> = {}): Emitter =>
  (graph, call) => {
    const { layer } = call;
    const activation = { class_name: layer.className, config: { ...defaults, ...layer.config } };
    return [emitActivation(graph, activation, onlyInput(call), layer)];
  };

const emitActivationLayer: Emitter = (graph, call) => [
  emitActivation(graph, call.layer.config.activation, onlyInput(call), call.layer),
];

/** relu(x) - alpha · relu(-x). TF.js' own Prelu is wrong on wasm for alphas that aren't one for each channel. */
const emitPRelu: Emitter = (graph, call) => {
  const x = onlyInput(call);
  const alpha = graph.constant(readWeight(call.layer, 'alpha', x.shape.length - 1), 'alpha');
  const below = arithmetic(graph, 'Mul', alpha, unary(graph, 'Relu', unary(graph, 'Neg', x)));
  return [arithmetic(graph, 'Sub', unary(graph, 'Relu', x), below)];
};

/**
 * Softmax over one axis or several. A mask that the input brings has its shape from the batch and time axes: Keras takes it
 * only where it broadcasts.
 */
const emitSoftmax: Emitter = (graph, call) => {
  const { axis } = readConfig(
    call.layer,
    v.object({ axis: v.optional(v.union([v.number(), v.array(v.number())]), -1) }),
  );
  const x = onlyInput(call);
  const axes = typeof axis === 'number' ? [axis] : axis;
  const [mask] = masksOf(call);
  if (mask === undefined) return [softmax(graph, x, axes)];
  if (mask.shape.length > x.shape.length) throw refused(call.layer, 'its mask has more axes than its input');
  // Numbers count from 0.5 on; elsewhere whatever isn't 0 does.
  const truth = mask.datatype === 'FP32' ? comparison(graph, 'Greater', mask, scalar(graph, 0.5)) : mask;
  return [maskedSoftmax(graph, x, truth, axes, ofSoftmaxLayer(call.kerasVersion))];
};

const emitElu: Emitter = (graph, call) => {
  // Not `asActivation`: the layer's alpha of Keras 2 may be an array of one number.
  return asActivation({ alpha: oneNumber(call.layer, call.layer.config.alpha ?? 1) })(graph, call);
};

function oneNumber(layer: KerasLayer, value: unknown): number {
  const [number] = Array.isArray(value) ? value : [value];
  if (typeof number !== 'number') throw refused(layer, `${JSON.stringify(value)} should be a number`);
  return number;
}

export const activationLayers: Readonly<Record<string, Emitter>> = {
  Activation: emitActivationLayer,
  ReLU: asActivation(),
  LeakyReLU: asActivation(),
  ELU: emitElu,
  PReLU: emitPRelu,
  Softmax: emitSoftmax,
  ThresholdedReLU: asActivation(),
};
