import { elementCount } from '../../core/tensor.js';
import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import { mostKnown } from '../packing-constants.js';
import { type Address, pitches, type Value } from '../value.js';
import { mergeAxes } from './axes.js';

/** How a tensor of `shape` lies in another's numbers: the one at an index is at offset + Σ index · strides. */
export interface View {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** All numbers in their order. */
export function viewOf(shape: readonly number[]): View {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  return { shape, strides, offset: 0 };
}

/** A tensor where it lies, with whatever border is around it. */
export function lying(value: Value): View {
  const { shape, padding } = value;
  if (padding === undefined) return viewOf(shape);
  const { row, image } = pitches(value);
  return { shape, strides: [image, row, shape[3] as number, 1], offset: 0 };
}

export const permuted = ({ shape, strides, offset }: View, axes: readonly number[]): View => ({
  shape: axes.map((axis) => shape[axis] as number),
  strides: axes.map((axis) => strides[axis] as number),
  offset,
});

/** `size` indices of an axis, from `start` on, `step` apart. */
export function cut(view: View, axis: number, start: number, size: number, step = 1): View {
  const stride = view.strides[axis] as number;
  return {
    shape: view.shape.with(axis, size),
    strides: view.strides.with(axis, stride * step),
    offset: view.offset + start * stride,
  };
}

export const reversed = (view: View, axis: number): View => {
  const size = view.shape[axis] as number;
  return cut(view, axis, size - 1, size, -1);
};

/** With an axis more that repeats what is there. */
export const repeated = ({ shape, strides, offset }: View, axis: number, size = 1): View => ({
  shape: shape.toSpliced(axis, 0, size),
  strides: strides.toSpliced(axis, 0, 0),
  offset,
});

/** @throws CannotPlan where a size is neither 1 nor the wanted one */
export function broadcastTo(view: View, shape: readonly number[]): View {
  const missing = shape.length - view.shape.length;
  if (missing < 0) throw new CannotPlan(`[${view.shape}] as [${shape}]`);
  const strides = shape.map((size, axis) => {
    const own = axis < missing ? 1 : (view.shape[axis - missing] as number);
    if (own !== size && own !== 1) throw new CannotPlan(`[${view.shape}] as [${shape}]`);
    return own === 1 ? 0 : (view.strides[axis - missing] as number);
  });
  return { shape, strides, offset: view.offset };
}

/** Whether the numbers stand in their order, without gaps. */
function isStraight({ shape, strides }: View): boolean {
  const straight = viewOf(shape).strides;
  return shape.every((size, axis) => size === 1 || strides[axis] === straight[axis]);
}

/** The places that a view visits, in its order. */
export function placesOf({ shape, strides, offset }: View): number[] {
  return shape.reduce<number[]>(
    (places, size, axis) =>
      places.flatMap((place) => Array.from({ length: size }, (_, index) => place + index * (strides[axis] as number))),
    [offset],
  );
}

/** A tensor as a view shows it: where it is, if nothing has to move. */
export function viewed(building: Building, value: Value, view: View): Value {
  const { datatype, known, weight } = value;
  const { shape } = view;
  const count = elementCount(shape);
  if (known !== undefined && count <= Math.max(mostKnown, known.length)) {
    const all = isStraight(view) && count === known.length;
    const numbers = all ? known : placesOf(view).map((place) => known[place] as number);
    return { datatype, shape, known: numbers, weight: all ? weight : undefined };
  }
  if (isStraight(view)) {
    if (weight !== undefined && count === elementCount(value.shape)) return { datatype, shape, weight };
    const { area, offset } = building.at(value);
    return { datatype, shape, address: { area, offset: offset + 4 * view.offset } };
  }
  const output = building.take(datatype, shape);
  place(building, building.at(value), view, building.at(output), viewOf(shape));
  return output;
}

/** One part of a tensor that is put together. */
export interface Part {
  readonly value: Value;
  /** What of it, in its own numbers. */
  readonly from: View;
  /** Where it comes to, in the numbers of the whole. */
  readonly to: View;
}

/** A tensor made of parts; where some overlap, the later one stays. */
export function assembled(building: Building, shape: readonly number[], parts: readonly Part[]): Value {
  const [first] = parts;
  if (first === undefined) throw new CannotPlan('a tensor of no parts');
  const { datatype } = first.value;
  if (parts.some(({ value }) => value.datatype !== datatype)) throw new CannotPlan('parts of several types');
  if (elementCount(shape) <= mostKnown && parts.every(({ value }) => value.known !== undefined)) {
    const known = new Array<number>(elementCount(shape)).fill(0);
    for (const { value, from, to } of parts) {
      const places = placesOf(from);
      for (const [index, at] of placesOf(to).entries()) known[at] = value.known?.[places[index] as number] as number;
    }
    return { datatype, shape, known };
  }
  const output = building.take(datatype, shape);
  for (const { value, from, to } of parts) place(building, building.at(value), from, building.at(output), to);
  return output;
}

/** Copies what one view shows of numbers at an address to where another shows it at a second one. */
export function place(building: Building, source: Address, from: View, target: Address, to: View): void {
  if (elementCount(to.shape) === 0) return;
  const { sizes, strides } = mergeAxes(to.shape, [from.strides, to.strides], 6);
  building.call(
    'copy',
    { area: source.area, offset: source.offset + 4 * from.offset },
    { area: target.area, offset: target.offset + 4 * to.offset },
    ...[sizes, ...strides].map(building.integers),
  );
}
