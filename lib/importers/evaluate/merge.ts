import { ModeletError } from '../../core/errors.js';
import { isKeras } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { positiveAxis } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { dot } from './merge-dot.js';
import { concatenateMasks, largestOfMasked, mergeMasks, ofMasked } from './merge-masks.js';
import { joinAlong, zipWith } from './operations-broadcast.js';
import { readConfig } from './read-config.js';

/** Layers that make one array of several. */
export const merges: Record<string, LayerFunction> = {
  Add: elementwise((inputs, name) => zipWith(inputs, name, (...values) => values.reduce((a, b) => a + b))),
  Average: elementwise((inputs, name) =>
    zipWith(inputs, name, (...values) => values.reduce((a, b) => a + b) / values.length),
  ),
  Subtract: elementwise((inputs, name) => zipWith(inputs, name, (a, b = 0) => a - b), 2),
  Multiply: elementwise((inputs, name, masked) =>
    masked ? ofMasked(inputs, name) : zipWith(inputs, name, (...values) => values.reduce((a, b) => a * b)),
  ),
  Maximum: elementwise((inputs, name, masked) =>
    masked ? largestOfMasked(inputs, name, Math.max) : zipWith(inputs, name, Math.max),
  ),
  Minimum: elementwise((inputs, name, masked) =>
    masked ? largestOfMasked(inputs, name, Math.min) : zipWith(inputs, name, Math.min),
  ),
  Concatenate: concatenate,
  Dot: (call) => [dot(call, inputsOf(call, 2))],
};

/**
 * Element by element, with numpy's broadcasting. Inputs of fewer axes get ones behind the batch until all have as many. Since Keras
 * 3.4 masks change what Multiply, Maximum and Minimum compute (not after such a reshape, which loses them).
 */
function elementwise(
  compute: (inputs: readonly NdArray[], layerName: string, masked: boolean) => NdArray,
  count?: number,
): LayerFunction {
  return (call) => {
    const inputs = inputsOf(call, count);
    const rank = Math.max(...inputs.map(({ shape }) => shape.length));
    const aligned = inputs.every(({ shape }) => shape.length === rank);
    const masked = aligned && isKeras(call.kerasVersion, 3, 4) && inputs.some(({ mask }) => mask !== undefined);
    const reshaped = inputs.map(({ shape, data, mask }) => {
      const [batch = 1, ...rest] = shape;
      const ones = Array<number>(rank - shape.length).fill(1);
      return { ...ndArray(shape.length === rank ? shape : [batch, ...ones, ...rest], data), mask };
    });
    const { shape, data } = compute(reshaped, call.layer.name, masked);
    return [{ shape, data, mask: mergeMasks(call, inputs) }];
  };
}

/** Along `axis`, the last unless told. */
function concatenate(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const inputs = inputsOf(call);
  const axis = positiveAxis(readConfig(layer).integer('axis', -1), inputs[0]?.shape.length ?? 1, layer.name);
  const { shape, data } = joinAlong(inputs, axis, layer.name);
  return [{ shape, data, mask: concatenateMasks(call, inputs, axis) }];
}

function inputsOf({ layer, inputs }: EvaluateCall, count = 0): readonly NdArray[] {
  if (inputs.length > 0 && (count === 0 || inputs.length === count)) return inputs;
  const must = count === 0 ? 'at least one' : String(count);
  throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' is given ${inputs.length} inputs; it takes ${must}`);
}
