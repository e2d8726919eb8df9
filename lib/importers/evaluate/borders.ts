import { ModeletError } from '../../core/errors.js';
import { type NdArray, ndArray } from './array.js';
import { stridesOf } from './axes.js';
import { isChannelsFirst } from './channels-last.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { readConfig, wrongField } from './read-config.js';

/** Layers that put zeros around the spatial axes, or cut from their ends. */
export const borders: Record<string, LayerFunction> = {
  ZeroPadding1D: bordered('padding', 1, 1),
  ZeroPadding2D: bordered('padding', 2, 1),
  ZeroPadding3D: bordered('padding', 3, 1),
  Cropping1D: bordered('cropping', 1, -1),
  Cropping2D: bordered('cropping', 2, -1),
  Cropping3D: bordered('cropping', 3, -1),
};

function bordered(field: string, rank: number, sign: 1 | -1): LayerFunction {
  return (call) => {
    const pairs = pairsOf(call, field, rank).map((pair) => pair.map((width) => sign * width));
    const first = isChannelsFirst(readConfig(call.layer)) ? 2 : 1;
    return [moveBorders(call, firstInput(call, rank + 2), first, pairs)];
  };
}

/** `[[before, after], …]`, one pair an axis; the pair itself where there is one axis. */
function pairsOf({ layer }: EvaluateCall, field: string, rank: number): number[][] {
  const value = layer.config[field];
  const pairs: unknown = rank === 1 && Array.isArray(value) && !Array.isArray(value[0]) ? [value] : value;
  const isPair = (pair: unknown): pair is number[] =>
    Array.isArray(pair) && pair.length === 2 && pair.every((width) => Number.isSafeInteger(width) && width >= 0);
  if (!Array.isArray(pairs) || pairs.length !== rank || !pairs.every(isPair)) {
    throw wrongField(layer.name, field, `${rank} pairs of whole numbers from 0 up`, value);
  }
  return pairs;
}

/** Lengthens (with zeros) or, by negative widths, shortens both ends of the axes from `first` on. */
export function moveBorders(
  call: EvaluateCall,
  x: NdArray,
  first: number,
  pairs: readonly (readonly number[])[],
): NdArray {
  const [before, after] = [0, 1].map((end) => x.shape.map((_, axis) => pairs[axis - first]?.[end] ?? 0)) as [
    number[],
    number[],
  ];
  const shape = x.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0));
  if (shape.some((size) => size < 1)) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${call.layer.name}' leaves nothing of [${x.shape}]; make it larger`,
    );
  }
  const result = ndArray(shape);
  const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
  const copy = (axis: number, source: number, target: number): void => {
    if (axis === shape.length) {
      result.data[target] = x.data[source] ?? 0;
      return;
    }
    for (
      let i = Math.max(0, before[axis] ?? 0);
      i < Math.min(shape[axis] ?? 0, (x.shape[axis] ?? 0) + (before[axis] ?? 0));
      i++
    ) {
      copy(axis + 1, source + (i - (before[axis] ?? 0)) * (from[axis] ?? 0), target + i * (to[axis] ?? 0));
    }
  };
  copy(0, 0, 0);
  return result;
}
