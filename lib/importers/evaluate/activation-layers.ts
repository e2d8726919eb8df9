import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { kerasMajor } from '../keras/keras-version.js';
import { activate } from './activations.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightOf } from './layer-weights.js';
import { maskOf } from './masking.js';
import { readConfig } from './read-config.js';

/** Layers that are one activation function. */
export const activationLayers: Record<string, LayerFunction> = {
  Activation: (call) => [activate(call.layer.config.activation, firstInput(call), call.layer.name)],
  ReLU: settled,
  LeakyReLU: settled,
  ELU: settled,
  ThresholdedReLU: settled,
  PReLU: prelu,
  Softmax: maskedSoftmax,
};

/** An activation whose settings are the layer's own. */
function settled(call: EvaluateCall, x = firstInput(call)): NdArray[] {
  const { className, config, name } = call.layer;
  return [activate({ class_name: className, config }, x, name)];
}

/** x above 0, else alpha · x; alpha has an element for each of an example, but size 1 along the shared axes. */
function prelu(call: EvaluateCall): NdArray[] {
  const x = firstInput(call);
  const shared = readConfig(call.layer).axes('shared_axes', []);
  const own = x.shape.slice(1).map((size, i) => (shared.includes(i + 1) ? 1 : size));
  const alpha = broadcastTo(weightOf(call.layer, 'alpha', own), x.shape).data;
  return [
    ndArray(
      x.shape,
      x.data.map((value, i) => (value > 0 ? value : value * (alpha[i] ?? 0))),
    ),
  ];
}

/**
 * Softmax over `axis` (one or several). Where a mask is given, by argument or with the input, it broadcasts against the input from
 * the last axis on. Keras 3 takes -1e9 for a masked element and answers 0 for it; Keras 2 adds -1e9 in float32, so that a slice
 * masked as a whole comes out even.
 */
function maskedSoftmax(call: EvaluateCall): NdArray[] {
  const x = firstInput(call);
  const mask = maskOf(call);
  if (mask === undefined) return settled(call, x);
  const offset = x.shape.length - mask.shape.length;
  if (offset < 0 || !mask.shape.every((size, axis) => size === 1 || size === x.shape[axis + offset])) {
    const [from, to] = [formatShape(mask.shape), formatShape(x.shape)];
    throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': a mask ${from} doesn't fit ${to}; reshape it`);
  }
  const kept = broadcastTo(mask, x.shape).data.map((value) => (value > 0.5 ? 1 : 0));
  const third = kerasMajor(call.kerasVersion) === 3;
  const counted = x.data.map((value, i) => (kept[i] === 1 ? value : third ? -1e9 : Math.fround(value - 1e9)));
  const [{ data } = x] = settled(call, ndArray(x.shape, counted));
  return [ndArray(x.shape, third ? data.map((value, i) => value * (kept[i] ?? 0)) : data)];
}
