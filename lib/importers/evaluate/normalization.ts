import { ModeletError } from '../../core/errors.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo, mapSlices, positiveAxis } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightInOrder } from './layer-weights.js';
import { readConfig } from './read-config.js';

/** Layers that bring their input to a common mean and variance. */
export const normalizations: Record<string, LayerFunction> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization,
  UnitNormalization: unitNormalization,
};

/**
 * (x - moving_mean) / √(moving_variance + epsilon) · gamma + beta, each weight having an element for each along `axis`.
 * Without `scale` there is no gamma, without `center` no beta.
 */
function batchNormalization(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const x = firstInput(call);
  const axes = axesOf(call, x);
  const epsilon = config.number('epsilon', 1e-3);
  const mean = along(call, 'moving_mean', x, axes);
  const variance = along(call, 'moving_variance', x, axes);
  const normal = x.data.map((value, i) => (value - (mean[i] ?? 0)) / Math.sqrt((variance[i] ?? 0) + epsilon));
  return [scaleAndShift(call, ndArray(x.shape, normal), axes)];
}

/**
 * (x - mean) / √(variance + epsilon) · gamma + beta, mean and variance being those of each slice along `axis` (one or several).
 * With `rms_scaling` neither mean nor beta is applied, though the variance is still that around the mean.
 */
function layerNormalization(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const x = firstInput(call);
  const axes = axesOf(call, x);
  const epsilon = config.number('epsilon', 1e-3);
  const rms = config.flag('rms_scaling', false);
  const normal = mapSlices(x, axes, (slice) => standardize(slice, epsilon, rms));
  return [rms ? multiply(normal, along(call, 'gamma', x, axes)) : scaleAndShift(call, normal, axes)];
}

/**
 * As LayerNormalization, over all axes of an example, but in `groups` groups of neighbours along `axis` on their own;
 * gamma and beta have an element for each along `axis`. -1 groups: each of its own.
 */
function groupNormalization(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const x = firstInput(call);
  const axis = positiveAxis(config.integer('axis', -1), x.shape.length, call.layer.name);
  const [size, asked] = [x.shape[axis] ?? 1, config.integer('groups', 32)];
  const groups = asked === -1 ? size : asked;
  if (groups < 1 || size % groups !== 0) {
    const problem = `groups is ${asked}, which doesn't divide ${size}`;
    throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': ${problem}; correct it`);
  }
  const epsilon = config.number('epsilon', 1e-3);
  const split = [...x.shape.slice(0, axis), groups, size / groups, ...x.shape.slice(axis + 1)];
  const inside = [...split.keys()].filter((other) => other !== 0 && other !== axis);
  const normal = mapSlices(ndArray(split, x.data), inside, (slice) => standardize(slice, epsilon, false));
  return [scaleAndShift(call, ndArray(x.shape, normal.data), [axis])];
}

/** x / √(mean of x² + epsilon) · scale, over `axis` (one or several). */
function rmsNormalization(call: EvaluateCall): NdArray[] {
  const x = firstInput(call);
  const axes = axesOf(call, x);
  const epsilon = readConfig(call.layer).number('epsilon', 1e-6);
  const normal = mapSlices(x, axes, (slice) => {
    const square = slice.reduce((sum, value) => sum + value * value, 0) / slice.length;
    slice.forEach((value, i) => {
      slice[i] = value / Math.sqrt(square + epsilon);
    });
  });
  return [multiply(normal, along(call, 'scale', x, axes))];
}

/** x divided by its Euclidean length along `axis` (one or several); 0 stays 0. */
function unitNormalization(call: EvaluateCall): NdArray[] {
  const x = firstInput(call);
  return [
    mapSlices(x, axesOf(call, x), (slice) => {
      const length = Math.sqrt(slice.reduce((sum, value) => sum + value * value, 0));
      slice.forEach((value, i) => {
        slice[i] = value / Math.max(length, 1e-12);
      });
    }),
  ];
}

function standardize(slice: Float64Array, epsilon: number, keepMean: boolean): void {
  const mean = slice.reduce((sum, value) => sum + value, 0) / slice.length;
  const variance = slice.reduce((sum, value) => sum + (value - mean) ** 2, 0) / slice.length;
  slice.forEach((value, i) => {
    slice[i] = (keepMean ? value : value - mean) / Math.sqrt(variance + epsilon);
  });
}

/** The layer's axes, from 0 up, ascending as Keras sorts them. */
function axesOf(call: EvaluateCall, x: NdArray): number[] {
  const axes = readConfig(call.layer).axes('axis', [-1]);
  return axes.map((axis) => positiveAxis(axis, x.shape.length, call.layer.name)).sort((a, b) => a - b);
}

/** x · gamma + beta where the layer has them. */
function scaleAndShift(call: EvaluateCall, x: NdArray, axes: readonly number[]): NdArray {
  const config = readConfig(call.layer);
  const scaled = config.flag('scale', true) ? multiply(x, along(call, 'gamma', x, axes)) : x;
  if (!config.flag('center', true)) return scaled;
  const beta = along(call, 'beta', x, axes);
  return ndArray(
    x.shape,
    scaled.data.map((value, i) => value + (beta[i] ?? 0)),
  );
}

function multiply(x: NdArray, factors: Float64Array): NdArray {
  return ndArray(
    x.shape,
    x.data.map((value, i) => value * (factors[i] ?? 0)),
  );
}

/** A weight with an element for each along these axes, repeated along all others of x. */
function along(call: EvaluateCall, name: string, x: NdArray, axes: readonly number[]): Float64Array {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const sizes = axes.map((axis) => x.shape[axis] ?? 1);
  return broadcastTo(ndArray(shape, weightInOrder(call.layer, name, sizes)), x.shape).data;
}
