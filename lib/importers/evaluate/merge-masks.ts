import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo } from './axes.js';
import type { EvaluateCall } from './evaluate.js';
import { joinAlong, zipWith } from './operations-broadcast.js';

/** Keras 3 before 3.4 finds no masks on a list of inputs. */
function losesMasks(kerasVersion: string): boolean {
  return kerasMajor(kerasVersion) === 3 && !isKeras(kerasVersion, 3, 4);
}

/**
 * The mask behind a merge layer. Keras 2: a step counts where it does in all inputs that have a mask. Since Keras 3.4: where it
 * does in any of them, and none where an input has no mask.
 */
export function mergeMasks({ layer, kerasVersion }: EvaluateCall, inputs: readonly NdArray[]): NdArray | undefined {
  const masks = inputs.map(({ mask }) => mask).filter((mask) => mask !== undefined);
  const third = kerasMajor(kerasVersion) === 3;
  if (masks.length === 0 || losesMasks(kerasVersion) || (third && masks.length < inputs.length)) return undefined;
  return zipWith(masks, layer.name, (...values) => Number(third ? values.some(Boolean) : values.every(Boolean)));
}

/**
 * The mask behind Concatenate: the inputs' masks, spread over their last axis and ones where an input has none, joined like the
 * inputs; a step counts where in its last axis all do (Keras 2) or any does (Keras 3).
 */
export function concatenateMasks(
  { layer, kerasVersion }: EvaluateCall,
  inputs: readonly NdArray[],
  axis: number,
): NdArray | undefined {
  if (losesMasks(kerasVersion) || inputs.every(({ mask }) => mask === undefined)) return undefined;
  const third = kerasMajor(kerasVersion) === 3;
  const joined = joinAlong(
    inputs.map((input) => spread(input, layer.name)),
    axis,
    layer.name,
  );
  const width = joined.shape.at(-1) ?? 1;
  const data = Float64Array.from({ length: joined.data.length / width }, (_, i) => {
    const row = joined.data.subarray(i * width, (i + 1) * width);
    return Number(third ? row.some(Boolean) : row.every(Boolean));
  });
  return ndArray(joined.shape.slice(0, -1), data);
}

/** Multiply since Keras 3.4: what is masked counts as 1; where all inputs have masks, what is masked in all of them is 0. */
export function ofMasked(inputs: readonly NdArray[], layerName: string): NdArray {
  const kept = inputs.map((input) => spread(input, layerName));
  const all = inputs.every(({ mask }) => mask !== undefined);
  return zipWith([...inputs, ...kept], layerName, (...values) => {
    const [numbers, counts] = [values.slice(0, inputs.length), values.slice(inputs.length)];
    if (all && !counts.some(Boolean)) return 0;
    return numbers.reduce((product, value, i) => product * (counts[i] ? value : 1), 1);
  });
}

/**
 * Maximum and Minimum since Keras 3.4, one input after the other: where the next is masked it counts as what there is so far; where what
 * there is so far is masked, it counts as the next. What there is so far is masked while all inputs had masks and were.
 */
export function largestOfMasked(
  inputs: readonly NdArray[],
  layerName: string,
  better: (a: number, b: number) => number,
): NdArray {
  const kept = inputs.map((input) => spread(input, layerName));
  return zipWith([...inputs, ...kept], layerName, (...values) => {
    let [result = 0, counts = 1] = [values[0], values[inputs.length]];
    let masks = inputs[0]?.mask !== undefined;
    for (let i = 1; i < inputs.length; i++) {
      const next = values[inputs.length + i] ? (values[i] ?? 0) : result;
      if (masks && !counts) result = next;
      masks = masks && inputs[i]?.mask !== undefined;
      counts = Number(counts || values[inputs.length + i]);
      result = better(result, next);
    }
    return result;
  });
}

/** A mask in its input's shape; ones where there is none. */
function spread({ shape, mask }: NdArray, layerName: string): NdArray {
  if (mask === undefined) return ndArray(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1));
  if (`${mask.shape}` === `${shape}`) return mask;
  if (`${mask.shape}` !== `${shape.slice(0, -1)}`) {
    const [is, must] = [formatShape(mask.shape), formatShape(shape.slice(0, -1))];
    throw new ModeletError('INVALID_INPUT', `layer '${layerName}': a mask has shape ${is}; it must be ${must}`);
  }
  return broadcastTo(ndArray([...mask.shape, 1], mask.data), shape);
}
