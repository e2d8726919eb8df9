import * as v from 'valibot';
import { makeTensor, type Tensor } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, scalar, unary } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { dimension, reshape } from '../graph/ops/shape.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { kerasMajor } from '../keras/keras-version.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';
import { derivedWeight } from './derived-weight.js';
import { type Emitter, onlyInput } from './emit.js';

const oneAxis = v.optional(v.number(), -1);
const axes = v.optional(v.union([v.number(), v.array(v.number())]), -1);
const affine = { center: v.optional(v.boolean(), true), scale: v.optional(v.boolean(), true) };

/** Numbers for some axes of `x`, in a shape that broadcasts over the others. */
function along(layer: KerasLayer, weight: Tensor, x: GraphValue, at: readonly number[]): Tensor {
  const shape = x.shape.map((size, axis) => (at.includes(axis) ? size : 1));
  // Leading axes of 1 would only keep the numbers from being folded into a product before.
  const short = shape.slice(shape.findIndex((size) => size !== 1));
  const fits = short.reduce((product, size) => product * size, 1) === weight.data.length;
  if (!fits) throw refused(layer, `weights of shape [${weight.shape}] don't fit its input [${x.shape}]`);
  if (String(short) === String(weight.shape)) return weight;
  return derivedWeight(weight, `[${short}]`, ({ data }) => makeTensor('FP32', short, data));
}

/** Axes from the front, in order. @throws INVALID_INPUT for one that `x` doesn't have */
function axesOf(layer: KerasLayer, x: GraphValue, axis: number | readonly number[]): number[] {
  const rank = x.shape.length;
  const at = [axis].flat().map((index) => (index < 0 ? index + rank : index));
  if (at.some((index) => index < 0 || index >= rank))
    throw refused(layer, `its input [${x.shape}] has no axis ${axis}`);
  return at.sort((a, b) => a - b);
}

const batchNormSchema = v.object({ axis: axes, epsilon: v.optional(v.number(), 1e-3), ...affine });

/** x · scale + offset, with gamma / √(variance + epsilon) and beta − mean · scale, computed in float64 and rounded once. */
const emitBatchNormalization: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, batchNormSchema);
  const x = cast(graph, onlyInput(call), 'FP32');
  const at = axesOf(layer, x, config.axis);
  const mean = readAny(layer, 'moving_mean');
  const channels = mean.data.length;
  const numbers = (name: string): ArrayLike<number> => {
    const { data } = readAny(layer, name);
    if (data.length !== channels) throw refused(layer, `its weights are of ${channels} and ${data.length} channels`);
    return data;
  };
  const variance = numbers('moving_variance');
  const gamma = config.scale ? numbers('gamma') : undefined;
  const beta = config.center ? numbers('beta') : undefined;
  const factor = (index: number) => (gamma?.[index] ?? 1) / Math.sqrt((variance[index] as number) + config.epsilon);
  const shift = (index: number) => (beta?.[index] ?? 0) - (mean.data[index] as number) * factor(index);
  const constant = (name: string, of: (index: number) => number): GraphValue => {
    const make = () =>
      makeTensor(
        'FP32',
        [channels],
        Float32Array.from({ length: channels }, (_, index) => of(index)),
      );
    return graph.constant(along(layer, derivedWeight(mean, `${name} ${layer.name}`, make), x, at), name);
  };
  const scaled = arithmetic(graph, 'Mul', x, constant('scale', factor));
  return [arithmetic(graph, 'AddV2', scaled, constant('offset', shift))];
};

const layerNormSchema = v.object({
  axis: axes,
  epsilon: v.optional(v.number(), 1e-3),
  rms_scaling: v.optional(v.boolean(), false),
  ...affine,
});

/** (x − mean) / √(variance + epsilon) · gamma + beta over some axes; with `rms_scaling` just x / √(variance + epsilon) · gamma. */
const emitLayerNormalization: Emitter = (graph, call) => {
  const { layer } = call;
  const { axis, epsilon, rms_scaling, scale, center } = readConfig(layer, layerNormSchema);
  const x = cast(graph, onlyInput(call), 'FP32');
  const at = axesOf(layer, x, axis);
  const { centred, spread } = moments(graph, x, at, epsilon);
  const normalised = arithmetic(graph, 'Mul', rms_scaling ? x : centred, spread);
  const gamma = scale || rms_scaling ? along(layer, readAny(layer, 'gamma'), x, at) : undefined;
  const beta = center && !rms_scaling ? along(layer, readAny(layer, 'beta'), x, at) : undefined;
  return [scaleAndShift(graph, normalised, gamma, beta)];
};

const groupNormSchema = v.object({
  groups: v.optional(v.pipe(v.number(), v.integer()), 32),
  axis: oneAxis,
  epsilon: v.optional(v.number(), 1e-3),
  ...affine,
});

/** Groups of channels, each normalised over itself and all other axes but the batch; groups of one for `groups: -1`. */
const emitGroupNormalization: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, groupNormSchema);
  const x = cast(graph, onlyInput(call), 'FP32');
  const [axis] = axesOf(layer, x, config.axis) as [number];
  const channels = x.shape[axis] as number;
  const groups = config.groups === -1 ? channels : config.groups;
  if (axis === 0 || channels === -1 || groups < 1 || channels % groups !== 0) {
    throw refused(layer, `its input [${x.shape}] can't be divided into ${groups} groups along axis ${axis}`);
  }
  const sizes = x.shape.map((_, index) => dimension(x, index));
  const split = [...sizes.slice(0, axis), groups, channels / groups, ...sizes.slice(axis + 1)];
  const grouped = reshape(graph, x, split);
  const others = split.map((_, index) => index).filter((index) => index !== 0 && index !== axis);
  const { centred, spread } = moments(graph, grouped, others, config.epsilon);
  const normalised = reshape(graph, arithmetic(graph, 'Mul', centred, spread), sizes);
  const gamma = config.scale ? along(layer, readWeight(layer, 'gamma', 1), x, [axis]) : undefined;
  const beta = config.center ? along(layer, readWeight(layer, 'beta', 1), x, [axis]) : undefined;
  return [scaleAndShift(graph, normalised, gamma, beta)];
};

const rmsSchema = v.object({ axis: axes, epsilon: v.optional(v.number(), 1e-6) });

/** x / √(mean(x²) + epsilon) · scale. */
const emitRmsNormalization: Emitter = (graph, call) => {
  const { layer } = call;
  const { axis, epsilon } = readConfig(layer, rmsSchema);
  const x = cast(graph, onlyInput(call), 'FP32');
  const at = axesOf(layer, x, axis);
  const square = reduce(graph, 'Mean', unary(graph, 'Square', x), at, true);
  const factor = unary(graph, 'Rsqrt', arithmetic(graph, 'AddV2', square, scalar(graph, epsilon)));
  const scale = along(layer, readAny(layer, 'scale'), x, at);
  return [scaleAndShift(graph, arithmetic(graph, 'Mul', x, factor), scale, undefined)];
};

/** x / √Σx². The sum is at least 1e-12 in Keras 2, and 1e-24 in Keras 3. */
const emitUnitNormalization: Emitter = (graph, call) => {
  const { axis } = readConfig(call.layer, v.object({ axis: axes }));
  const x = cast(graph, onlyInput(call), 'FP32');
  const sum = reduce(graph, 'Sum', unary(graph, 'Square', x), axesOf(call.layer, x, axis), true);
  const least = scalar(graph, kerasMajor(call.kerasVersion) === 2 ? 1e-12 : 1e-24);
  return [arithmetic(graph, 'Mul', x, unary(graph, 'Rsqrt', arithmetic(graph, 'Maximum', sum, least)))];
};

/** x − mean, and 1 / √(variance + epsilon). */
function moments(
  graph: GraphBuilder,
  x: GraphValue,
  at: readonly number[],
  epsilon: number,
): { centred: GraphValue; spread: GraphValue } {
  const centred = arithmetic(graph, 'Sub', x, reduce(graph, 'Mean', x, at, true));
  const variance = reduce(graph, 'Mean', unary(graph, 'Square', centred), at, true);
  return { centred, spread: unary(graph, 'Rsqrt', arithmetic(graph, 'AddV2', variance, scalar(graph, epsilon))) };
}

function scaleAndShift(graph: GraphBuilder, x: GraphValue, gamma?: Tensor, beta?: Tensor): GraphValue {
  const scaled = gamma === undefined ? x : arithmetic(graph, 'Mul', x, graph.constant(gamma, 'gamma'));
  return beta === undefined ? scaled : arithmetic(graph, 'AddV2', scaled, graph.constant(beta, 'beta'));
}

/** A weight with as many axes as are normalised over. */
function readAny(layer: KerasLayer, name: string): Tensor {
  const weight = layer.weights.get(name);
  if (weight === undefined) throw refused(layer, `its weight '${name}' is missing`);
  return weight;
}

export const normalization: Readonly<Record<string, Emitter>> = {
  BatchNormalization: emitBatchNormalization,
  LayerNormalization: emitLayerNormalization,
  GroupNormalization: emitGroupNormalization,
  RMSNormalization: emitRmsNormalization,
  UnitNormalization: emitUnitNormalization,
};
