import { ModeletError } from '../../core/errors.js';
import { elementCount } from '../../core/tensor.js';
import type { Resolved } from '../keras/walk.js';
import { type NdArray, ndArray } from './array.js';
import { positiveAxis } from './axes.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';

/** Functions that pick elements. */
export const slicing: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['getitem', getItem],
  ['take', take],
  ['gather', take],
  ['slice', slice],
]);

/** The elements at places along an axis (0 … rank - 1); `outside` for places that aren't there. */
export function takeAlong(x: NdArray, axis: number, places: readonly number[], outside = 0): NdArray {
  const size = x.shape[axis] ?? 1;
  const inner = elementCount(x.shape.slice(axis + 1));
  const outer = elementCount(x.shape.slice(0, axis));
  const result = ndArray([...x.shape.slice(0, axis), places.length, ...x.shape.slice(axis + 1)]);
  for (let row = 0; row < outer; row++) {
    places.forEach((place, i) => {
      const to = (row * places.length + i) * inner;
      if (place < 0 || place >= size) result.data.fill(outside, to, to + inner);
      else result.data.set(x.data.subarray((row * size + place) * inner, (row * size + place + 1) * inner), to);
    });
  }
  return result;
}

/**
 * x[…] as Python has it: for each axis a number (which ends it) or a slice `{ start, stop, step }`; null adds an axis of size 1, `...`
 * stands for all axes that aren't named. Numbers may be computed.
 */
function getItem(given: OperationArguments): NdArray {
  const x = given.array(0, 'x', 'tensor');
  const key = given.plain(1, 'key', 'slice_spec');
  const items = itemsOf(key);
  const dots = items.findIndex(isDots);
  if (items.filter(isDots).length > 1) throw given.wrong('key', 'with one ellipsis', key);
  const named = items.filter((item) => item !== null && !isDots(item)).length;
  if (named > x.shape.length) throw given.wrong('key', `for ${x.shape.length} axes`, key);
  const whole = Array<unknown>(x.shape.length - named).fill({});
  const spread = dots < 0 ? [...items, ...whole] : [...items.slice(0, dots), ...whole, ...items.slice(dots + 1)];
  const shape: number[] = [];
  let [result, axis] = [x, 0];
  for (const item of spread) {
    if (item === null) {
      shape.push(1);
      continue;
    }
    const size = x.shape[axis] ?? 1;
    const places = placesOf(given, item, size);
    result = takeAlong(result, axis, places.list);
    if (!places.single) shape.push(places.list.length);
    axis++;
  }
  return ndArray(shape, result.data);
}

function itemsOf(key: unknown): readonly unknown[] {
  if (Array.isArray(key)) return key;
  const list = key as Resolved<NdArray> | undefined;
  if (typeof key !== 'object' || key === null || list?.kind !== 'list') return [key];
  return list.items.map((item) => (item.kind === 'constant' ? item.value : item));
}

function isDots(item: unknown): boolean {
  return item === '...' || (typeof item === 'object' && item !== null && 'class_name' in item);
}

function placesOf(given: OperationArguments, item: unknown, size: number): { list: number[]; single: boolean } {
  const number = wholeOf(item);
  if (number !== undefined) {
    const place = number < 0 ? number + size : number;
    if (place < 0 || place >= size) throw given.wrong('key', `within an axis of ${size}`, item);
    return { list: [place], single: true };
  }
  if (typeof item !== 'object' || item === null) throw given.wrong('key', 'numbers and slices', item);
  const { start, stop, step } = item as { start?: unknown; stop?: unknown; step?: unknown };
  const [first, end, stride] = [start, stop, step].map((bound) => {
    const value = bound === null || bound === undefined ? undefined : wholeOf(bound);
    if (value === undefined && bound !== null && bound !== undefined) throw given.wrong('key', 'whole numbers', bound);
    return value;
  });
  const by = stride ?? 1;
  if (by === 0) throw given.wrong('key', 'of a step other than 0', by);
  // Python's slice.indices: bounds are counted from the end where negative, then cut to the axis.
  const [low, high] = by > 0 ? [0, size] : [-1, size - 1];
  const cut = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, low), high);
  const from = first === undefined ? (by > 0 ? low : high) : cut(first);
  const to = end === undefined ? (by > 0 ? high : low) : cut(end);
  const count = Math.max(0, Math.ceil((to - from) / by));
  return { list: Array.from({ length: count }, (_, i) => from + i * by), single: false };
}

/** A whole number: written, or computed. */
function wholeOf(item: unknown): number | undefined {
  if (Number.isSafeInteger(item)) return item as number;
  const { kind, value } = (item ?? {}) as { kind?: unknown; value?: NdArray };
  const computed = kind === 'value' && value?.data.length === 1 ? value.data[0] : undefined;
  return Number.isSafeInteger(computed) ? computed : undefined;
}

/** The elements at `indices`, whose axes take the place of `axis`; without an axis those of all in one row (Keras 3) or along the first. */
function take(given: OperationArguments): NdArray {
  const whole = given.array(0, 'x', 'params');
  const indices = given.array(1, 'indices');
  const name = given.has('axis');
  const third = given.kerasVersion.startsWith('3');
  const x = !name && third ? ndArray([whole.data.length], whole.data) : whole;
  if (given.integer(0, 'batch_dims') !== 0) throw given.wrong('batch_dims', '0', given.integer(0, 'batch_dims'));
  const axis = positiveAxis(given.integer(0, 'axis'), x.shape.length, given.layerName);
  const size = x.shape[axis] ?? 1;
  const places = [...indices.data].map((index) => (index < 0 ? index + size : index));
  if (!places.every((place) => Number.isSafeInteger(place) && place >= 0 && place < size)) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${given.layerName}': an index is not in an axis of ${size}; correct the input`,
    );
  }
  const { data } = takeAlong(x, axis, places);
  return ndArray([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], data);
}

/** From `begin` on as many as `size` says along each axis, -1 for all that are left. */
function slice(given: OperationArguments): NdArray {
  const x = given.array(0, 'inputs', 'input_', 'input');
  const [begin = [], sizes = []] = [given.integers('start_indices', 'begin'), given.integers('shape', 'size')];
  return x.shape.reduce((cut: NdArray, size, axis) => {
    const [from = 0, count = 0] = [begin[axis], sizes[axis] === -1 ? size - (begin[axis] ?? 0) : sizes[axis]];
    if (from < 0 || count < 0 || from + count > size) throw given.wrong('shape', `within an axis of ${size}`, count);
    return takeAlong(
      cut,
      axis,
      Array.from({ length: count }, (_, i) => from + i),
    );
  }, x);
}
