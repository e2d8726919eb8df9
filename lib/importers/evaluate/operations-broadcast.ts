import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo } from './axes.js';

/**
 * numpy's common shape of arrays: aligned at the last axis, 1 and missing axes take the others' size.
 * @throws ModeletError INVALID_INPUT where two sizes disagree
 */
export function commonShape(arrays: readonly NdArray[], layerName: string): number[] {
  const rank = Math.max(0, ...arrays.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = arrays.map(({ shape }) => shape[axis - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (new Set(sizes).size > 1) {
      const shapes = arrays.map(({ shape }) => formatShape(shape)).join(' and ');
      throw new ModeletError('INVALID_INPUT', `layer '${layerName}' can't combine ${shapes}; make their shapes agree`);
    }
    return sizes[0] ?? 1;
  });
}

/** Arrays brought to their common shape, then combined element by element. */
export function zipWith(
  arrays: readonly NdArray[],
  layerName: string,
  combine: (...values: number[]) => number,
): NdArray {
  const shape = commonShape(arrays, layerName);
  const [first = new Float64Array(1), ...others] = arrays.map((array) => broadcastTo(array, shape).data);
  const [second] = others;
  // Two, the usual case, without a list for each element.
  if (second !== undefined && others.length === 1) {
    return ndArray(
      shape,
      first.map((value, i) => combine(value, second[i] ?? 0)),
    );
  }
  return ndArray(
    shape,
    first.map((value, i) => combine(value, ...others.map((data) => data[i] ?? 0))),
  );
}

/** Arrays one behind the other along an axis (0 … rank - 1). */
export function joinAlong(arrays: readonly NdArray[], axis: number, layerName: string): NdArray {
  const [first] = arrays;
  const others = ({ shape }: NdArray) => `${shape.filter((_, i) => i !== axis)}`;
  if (first === undefined || axis >= first.shape.length || arrays.some((array) => others(array) !== others(first))) {
    const shapes = arrays.map(({ shape }) => formatShape(shape)).join(' and ');
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layerName}' can't join ${shapes} along axis ${axis}; make them fit`,
    );
  }
  const total = arrays.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0);
  const result = ndArray(first.shape.map((size, i) => (i === axis ? total : size)));
  const rows = first.shape.slice(0, axis).reduce((product, size) => product * size, 1);
  let column = 0;
  for (const { data } of arrays) {
    const width = data.length / rows;
    for (let row = 0; row < rows; row++) {
      result.data.set(data.subarray(row * width, (row + 1) * width), row * (result.data.length / rows) + column);
    }
    column += width;
  }
  return result;
}
