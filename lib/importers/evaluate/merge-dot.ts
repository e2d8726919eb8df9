import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { mapSlices, positiveAxis, transpose } from './axes.js';
import { multiplyMatrices } from './einsum.js';
import type { EvaluateCall } from './evaluate.js';
import { readConfig, wrongField } from './read-config.js';

/**
 * Keras' batch_dot: for each example Σ over one axis of each input, `axes`; the output has the first input's other axes, then the
 * second's. Two vectors give [batch, 1]. With `normalize` both are first divided by their length along that axis.
 */
export function dot(call: EvaluateCall, [a, b]: readonly NdArray[]): NdArray {
  const { layer } = call;
  if (a === undefined || b === undefined) throw wrongField(layer.name, 'inputs', 'two', undefined);
  const axes = readConfig(layer).axes('axes', [-1]);
  const [first = 0, second = first] = axes;
  if (axes.length > 2) throw wrongField(layer.name, 'axes', 'an axis or two', axes);
  const [axisA, axisB] = [
    positiveAxis(first, a.shape.length, layer.name),
    positiveAxis(second, b.shape.length, layer.name),
  ];
  const fits = a.shape[0] === b.shape[0] && a.shape[axisA] === b.shape[axisB] && axisA > 0 && axisB > 0;
  if (!fits) {
    const [one, other] = [formatShape(a.shape), formatShape(b.shape)];
    const problem = `can't multiply ${one} and ${other} along axes ${axisA} and ${axisB}`;
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' ${problem}; correct axes`);
  }
  const normal = readConfig(layer).flag('normalize', false);
  const ready = (x: NdArray, axis: number) => (normal ? divideByLength(x, axis, kerasMajor(call.kerasVersion)) : x);
  const others = (x: NdArray, axis: number) => [...x.shape.keys()].filter((i) => i !== 0 && i !== axis);
  const [othersA, othersB] = [others(a, axisA), others(b, axisB)];
  const left = transpose(ready(a, axisA), [0, ...othersA, axisA]);
  const right = transpose(ready(b, axisB), [0, axisB, ...othersB]);
  const [batch = 1, inner = 1] = [a.shape[0], a.shape[axisA]];
  const [rows, columns] = [left.data.length / batch / inner, right.data.length / batch / inner];
  const data = multiplyMatrices(left.data, right.data, batch, rows, inner, columns);
  const shape = [batch, ...othersA.map((i) => a.shape[i] ?? 1), ...othersB.map((i) => b.shape[i] ?? 1)];
  return ndArray(shape.length === 1 ? [batch, 1] : shape, data);
}

/** x / √Σx² along an axis. Against a division by 0, Keras 2 lets Σx² not fall below 1e-12, Keras 3 1/√Σx² not rise above 1e7. */
export function divideByLength(x: NdArray, axis: number, major: 2 | 3): NdArray {
  return mapSlices(x, [axis], (slice) => {
    const sum = slice.reduce((total, value) => total + value * value, 0);
    const factor = major === 3 ? Math.min(1 / Math.sqrt(sum), 1e7) : 1 / Math.sqrt(Math.max(sum, 1e-12));
    slice.forEach((value, i) => {
      slice[i] = value * factor;
    });
  });
}
