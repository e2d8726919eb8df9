import { elementCount } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo, positiveAxis } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightOf } from './layer-weights.js';
import { readConfig, wrongField } from './read-config.js';

/** Preprocessing by fixed or learned scales. */
export const featureScaling: Record<string, LayerFunction> = { Normalization: normalization, Rescaling: rescaling };

/** Keras' epsilon(), below which no standard deviation is taken. */
const leastDeviation = 1e-7;

/**
 * (x - mean) / max(√variance, 1e-7), or with `invert` mean + x · max(√variance, 1e-7). Mean and variance have the sizes of the
 * axes `axis`; they are settings, or weights which `adapt` has learned. Without axes they are one number.
 */
function normalization(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const x = firstInput(call);
  const asked = config.axes('axis', 'axis' in call.layer.config ? [] : [-1]);
  const axes = asked.map((axis) => positiveAxis(axis, x.shape.length, call.layer.name)).sort((a, b) => a - b);
  const sizes = axes.map((axis) => x.shape[axis] ?? 1);
  const along = (name: 'mean' | 'variance') => {
    const values = config.has(name) ? config.numbers(name) : weightOf(call.layer, name, sizes).data;
    const whole = values.length === elementCount(sizes);
    if (!whole && values.length !== 1) {
      throw wrongField(call.layer.name, name, `1 number or ${elementCount(sizes)}`, config.numbers(name));
    }
    const shape = x.shape.map((size, axis) => (whole && axes.includes(axis) ? size : 1));
    return broadcastTo(ndArray(shape, Float64Array.from(values)), x.shape).data;
  };
  const [mean, variance] = [along('mean'), along('variance')];
  const deviation = variance.map((value) => Math.max(Math.sqrt(value), leastDeviation));
  const invert = config.flag('invert', false);
  const scale = (value: number, i: number) =>
    invert ? (mean[i] ?? 0) + value * (deviation[i] ?? 0) : (value - (mean[i] ?? 0)) / (deviation[i] ?? 0);
  return [ndArray(x.shape, x.data.map(scale))];
}

/** x · scale + offset; either may be a number or a list, which runs along the last axis. */
function rescaling(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const x = firstInput(call);
  const last = x.shape.at(-1) ?? 1;
  const along = (name: 'scale' | 'offset', values: readonly number[]) => {
    if (values.length !== 1 && values.length !== last) {
      throw wrongField(call.layer.name, name, `1 number or ${last}`, values);
    }
    return (i: number) => values[values.length === 1 ? 0 : i % last] ?? 0;
  };
  const scale = along('scale', config.numbers('scale'));
  const offset = along('offset', config.has('offset') ? config.numbers('offset') : [0]);
  return [
    ndArray(
      x.shape,
      x.data.map((value, i) => value * scale(i) + offset(i)),
    ),
  ];
}
