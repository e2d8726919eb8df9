import * as v from 'valibot';
import { makeTensor, type Tensor } from '../../core/tensor.js';
import { arithmetic, broadcastShape, cast } from '../graph/ops/elementwise.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, onlyInput } from './emit.js';

/** Keras' epsilon, the least standard deviation that is divided by. */
const leastDeviation = 1e-7;

const normalizationSchema = v.object({
  axis: v.optional(v.nullable(v.union([v.number(), v.array(v.number())])), -1),
  invert: v.optional(v.boolean(), false),
  mean: v.optional(v.unknown()),
  variance: v.optional(v.unknown()),
});

/** (x − mean) / √variance by statistics of the training data for each place along `axis`; inverted, the way back. */
const emitNormalization: Emitter = (graph, call) => {
  const { layer } = call;
  const { axis, invert, mean, variance } = readConfig(layer, normalizationSchema);
  const x = cast(graph, onlyInput(call), 'FP32');
  const rank = x.shape.length;
  const kept = [axis ?? []].flat().map((index) => (index < 0 ? index + rank : index));
  if (kept.some((index) => index < 0 || index >= rank))
    throw refused(layer, `its input [${x.shape}] has no axis ${axis}`);
  kept.sort((a, b) => a - b);
  const broadcast = (statistic: Tensor): Tensor => {
    // From the right, as Keras lines up statistics that have fewer axes; a single number is for all.
    const shape = Array<number>(rank).fill(1);
    const sizes = statistic.shape.filter((_, index) => statistic.shape.length - index <= kept.length);
    sizes.forEach((size, index) => {
      shape[kept[kept.length - sizes.length + index] as number] = size;
    });
    const elements = shape.reduce((product, size) => product * size, 1);
    const fits = shape.every((size, index) => size === 1 || size === x.shape[index]);
    if (!fits || elements !== statistic.data.length) {
      throw refused(layer, `statistics of shape [${statistic.shape}] don't fit its input [${x.shape}]`);
    }
    return makeTensor('FP32', shape, Float32Array.from(statistic.data));
  };
  const centre = graph.constant(broadcast(statistic(layer, 'mean', mean)), 'mean');
  const squares = broadcast(statistic(layer, 'variance', variance));
  const deviations = Float32Array.from(squares.data, (square) => Math.max(Math.sqrt(square), leastDeviation));
  const deviation = graph.constant(makeTensor('FP32', squares.shape, deviations), 'deviation');
  return invert
    ? [arithmetic(graph, 'AddV2', arithmetic(graph, 'Mul', x, deviation), centre)]
    : [arithmetic(graph, 'RealDiv', arithmetic(graph, 'Sub', x, centre), deviation)];
};

/** A statistic from the settings, else from the weights. */
function statistic(layer: KerasLayer, name: string, stated: unknown): Tensor {
  if (stated !== undefined && stated !== null) return numbersOf(layer, name, stated);
  const weight = layer.weights.get(name);
  if (weight === undefined) throw refused(layer, `its weight '${name}' is missing; adapt it to data before saving`);
  return weight;
}

const rescalingSchema = v.object({ scale: v.unknown(), offset: v.optional(v.unknown(), 0) });

/** x · scale + offset, each a number or numbers that broadcast. */
const emitRescaling: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, rescalingSchema);
  const x = cast(graph, onlyInput(call), 'FP32');
  const scale = numbersOf(layer, 'scale', config.scale);
  const offset = numbersOf(layer, 'offset', config.offset ?? 0);
  for (const { shape } of [scale, offset]) {
    if (String(broadcastShape(x.shape, shape)) !== String(x.shape)) {
      throw refused(layer, `numbers of shape [${shape}] don't fit its input [${x.shape}]`);
    }
  }
  const scaled = arithmetic(graph, 'Mul', x, graph.constant(scale, 'scale'));
  if (offset.data.every((value) => value === 0)) return [scaled];
  return [arithmetic(graph, 'AddV2', scaled, graph.constant(offset, 'offset'))];
};

/** A number, nested numbers, or an array as Keras 3 writes one. @throws INVALID_INPUT */
function numbersOf(layer: KerasLayer, name: string, value: unknown): Tensor {
  const array = v.safeParse(v.object({ config: v.object({ value: v.unknown() }) }), value);
  const given = array.success ? array.output.config.value : value;
  const shape: number[] = [];
  for (let first = given; Array.isArray(first); first = first[0]) shape.push(first.length);
  const flat = [given].flat(shape.length);
  const whole = flat.length === shape.reduce((product, size) => product * size, 1);
  if (!whole || !flat.every((number) => typeof number === 'number' && Number.isFinite(number))) {
    throw refused(layer, `${name} should be numbers, not ${JSON.stringify(value)}`);
  }
  return makeTensor('FP32', shape, Float32Array.from(flat as number[]));
}

export const featureScaling: Readonly<Record<string, Emitter>> = {
  Normalization: emitNormalization,
  Rescaling: emitRescaling,
};
