import { kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { mapSlices, positiveAxis } from './axes.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';
import { joinAlong } from './operations-broadcast.js';
import { axisOf, input } from './operations-shape.js';
import { takeAlong } from './operations-slice.js';

/** Functions that join arrays, part them, and repeat or move what is along an axis. */
export const joining: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['concat', concatenate],
  ['concatenate', concatenate],
  ['hstack', (given) => joinAlong(given.arrays(0, 'xs'), 1, given.layerName)],
  ['stack', stack],
  ['unstack', unstack],
  ['split', split],
  ['tile', tile],
  ['repeat', repeat],
  ['pad', pad],
  ['flip', flip],
  ['reverse', flip],
  ['roll', roll],
]);

function concatenate(given: OperationArguments): NdArray {
  const arrays = given.arrays(0, 'xs', 'values');
  const axis = axisOf(given, arrays[0]?.shape.length ?? 1, kerasMajor(given.kerasVersion) === 3 ? -1 : 0, 'axis');
  return joinAlong(arrays, axis, given.layerName);
}

/** Along a new axis. */
function stack(given: OperationArguments): NdArray {
  const arrays = given.arrays(0, 'x', 'values', 'arrays');
  const axis = axisOf(given, (arrays[0]?.shape.length ?? 0) + 1, 0, 'axis');
  const raised = arrays.map(({ shape, data }) => ndArray([...shape.slice(0, axis), 1, ...shape.slice(axis)], data));
  return joinAlong(raised, axis, given.layerName);
}

function unstack(given: OperationArguments): NdArray[] {
  const x = input(given);
  const axis = axisOf(given, x.shape.length, 0, 'axis');
  return Array.from({ length: x.shape[axis] ?? 1 }, (_, i) => {
    const { shape, data } = takeAlong(x, axis, [i]);
    return ndArray(
      shape.filter((_size, j) => j !== axis),
      data,
    );
  });
}

/** Into equal parts by their number, or at the places (Keras 3), or into parts of the sizes (TensorFlow) that a list gives. */
function split(given: OperationArguments): NdArray[] {
  const x = input(given);
  const axis = axisOf(given, x.shape.length, 0, 'axis');
  const size = x.shape[axis] ?? 1;
  const names = ['indices_or_sections', 'num_or_size_splits'];
  const stated = given.plain(-1, ...names);
  const list = given.integers(...names) ?? [];
  const [count = 1] = list;
  let ends: readonly number[];
  if (Array.isArray(stated) && given.has('indices_or_sections')) ends = [...list, size];
  else if (Array.isArray(stated)) {
    const rest = size - list.reduce((sum, part) => sum + Math.max(part, 0), 0);
    let end = 0;
    ends = list.map((part) => {
      end += part < 0 ? rest : part;
      return end;
    });
  } else if (count < 1 || count > size) throw given.wrong(names[0] ?? '', `from 1 to ${size}`, stated);
  else ends = Array.from({ length: count }, (_, i) => ((i + 1) * size) / count);
  if (!ends.every((end, i) => Number.isSafeInteger(end) && end >= (ends[i - 1] ?? 0)) || ends.at(-1) !== size) {
    throw given.wrong(names[0] ?? '', `parts that make up ${size}`, stated);
  }
  return ends.map((end, i) => {
    const start = ends[i - 1] ?? 0;
    return takeAlong(
      x,
      axis,
      Array.from({ length: end - start }, (_, j) => start + j),
    );
  });
}

/** The whole, several times along each axis. */
function tile(given: OperationArguments): NdArray {
  const stated = given.integers('repeats', 'multiples') ?? [];
  const x = input(given);
  const rank = Math.max(stated.length, x.shape.length);
  const shape = [...Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  const times = [...Array<number>(rank - stated.length).fill(1), ...stated];
  if (times.some((count) => count < 1 || count > 1e6)) throw given.wrong('repeats', 'small numbers from 1 up', stated);
  return times.reduce(
    (tiled, count, axis) => joinAlong(Array<NdArray>(count).fill(tiled), axis, given.layerName),
    ndArray(shape, x.data),
  );
}

/** Each element several times; along `axis`, or all in one row. */
function repeat(given: OperationArguments): NdArray {
  const all = input(given);
  const x = given.has('axis') ? all : ndArray([all.data.length], all.data);
  const axis = axisOf(given, x.shape.length, 0, 'axis');
  const times = given.integers('repeats') ?? [];
  const size = x.shape[axis] ?? 1;
  if ((times.length !== 1 && times.length !== size) || times.some((count) => count < 0 || count > 1e6)) {
    throw given.wrong('repeats', `a number, or one for each of ${size}`, times);
  }
  const places = Array.from({ length: size }, (_, i) => Array<number>(times[i] ?? times[0] ?? 1).fill(i)).flat();
  return takeAlong(x, axis, places);
}

/** Before and after each axis: a constant, the numbers mirrored (reflect: without the edge, symmetric: with it), or the edge. */
function pad(given: OperationArguments): NdArray {
  const x = input(given);
  const widths = given.array(-1, 'pad_width', 'paddings');
  const mode = given.text('constant', 'mode').toLowerCase();
  const rank = x.shape.length;
  const pairs =
    widths.shape.length === 2 && widths.shape[0] === rank
      ? [...x.shape.keys()].map((axis) => [...widths.data.subarray(2 * axis, 2 * axis + 2)])
      : undefined;
  if (pairs === undefined || widths.shape[1] !== 2 || !widths.data.every((w) => Number.isSafeInteger(w) && w >= 0)) {
    throw given.wrong('pad_width', `${rank} pairs of whole numbers`, widths.shape);
  }
  const constant = given.number(0, 'constant_values');
  const places: Readonly<Record<string, (i: number, size: number) => number>> = {
    constant: (i) => i,
    edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
    reflect: (i, size) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i),
    symmetric: (i, size) => (i < 0 ? -i - 1 : i >= size ? 2 * size - 1 - i : i),
  };
  const place = Object.hasOwn(places, mode) ? places[mode] : undefined;
  if (place === undefined) throw given.wrong('mode', 'constant, edge, reflect or symmetric', mode);
  return pairs.reduce((padded, [before = 0, after = 0], axis) => {
    const size = padded.shape[axis] ?? 1;
    const sources = Array.from({ length: before + size + after }, (_, i) => place(i - before, size));
    if (mode !== 'constant' && sources.some((i) => i < 0 || i >= size)) {
      throw given.wrong('pad_width', `less than the size of axis ${axis}`, [before, after]);
    }
    return takeAlong(padded, axis, sources, constant);
  }, x);
}

function flip(given: OperationArguments): NdArray {
  const x = input(given);
  const axes = given.integers('axis') ?? [...x.shape.keys()];
  return axes.reduce(
    (flipped, axis) =>
      mapSlices(flipped, [positiveAxis(axis, x.shape.length, given.layerName)], (slice) => slice.reverse()),
    x,
  );
}

/** Onwards along an axis, what leaves the end comes in at the start. */
function roll(given: OperationArguments): NdArray {
  const all = input(given);
  const shifts = given.integers('shift') ?? [];
  const axes = given.integers('axis');
  const x = axes === undefined ? ndArray([all.data.length], all.data) : all;
  const rolled = (axes ?? [0]).reduce((result, axis, i) => {
    const at = positiveAxis(axis, result.shape.length, given.layerName);
    const size = result.shape[at] ?? 1;
    const shift = shifts[i] ?? shifts[0] ?? 0;
    return takeAlong(
      result,
      at,
      Array.from({ length: size }, (_, j) => (((j - shift) % size) + size) % size),
    );
  }, x);
  return ndArray(all.shape, rolled.data);
}
