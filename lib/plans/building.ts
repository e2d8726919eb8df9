import { type Datatype, elementCount } from '../core/tensor.js';
import type { KernelName } from '../kernels/kernels.js';
import { CannotPlan } from './cannot-plan.js';
import type { Constants, Pack } from './constants.js';
import {
  type Address,
  type Area,
  isPadded,
  noPadding,
  type Padding,
  pitches,
  samePadding,
  type Value,
} from './value.js';

/** What handlers of ops write a plan with. */
export interface Building {
  readonly constants: Constants;
  /** One more call of a kernel. */
  call(kernel: KernelName, ...args: readonly (number | Address)[]): void;
  /** Room for a tensor that a call is about to write; the border of a padded one is filled. */
  take(datatype: Datatype, shape: readonly number[], padding?: Padding): Value;
  /** Room for numbers of four bytes that only the next call needs. */
  scratch(words: number): Address;
  /** Whole numbers that a kernel reads from the heap. */
  integers(values: readonly number[]): Address;
  /** Where the first number of a tensor stands, all of it without gaps. */
  at(value: Value): Address;
  /** Where its first number stands, whatever border it has: strides are `pitches`. */
  place(value: Value): Address;
  /** The same image with that border, copied where it has another. */
  padded(value: Value, padding: Padding): Value;
  /** Something made of weights, as `Constants.packed`. */
  packed(key: string, floats: number, sources: readonly string[], pack: Pack): Address;
}

type Argument = number | Address;

export interface Draft extends Building {
  readonly calls: readonly { readonly kernel: KernelName; readonly args: readonly Argument[] }[];
  readonly areas: readonly Area[];
  words(): Int32Array;
  /** For tensors that are there before the first call, or after the last. */
  keep(value: Value, since: 'start' | 'end'): void;
}

/** More in one tensor than a kernel can count by signed 32-bit offsets. */
const mostBytes = 2 ** 31 - 2 ** 16;

export function startDraft(constants: Constants): Draft {
  const calls: { kernel: KernelName; args: readonly Argument[] }[] = [];
  const areas: Area[] = [];
  const words: number[] = [];
  /** Images with other borders than they were made with. */
  const copies = new Map<Value, readonly Value[]>();
  const literals: Area = { kind: 'literals', bytes: 0, start: 0, first: -1, last: Number.POSITIVE_INFINITY };
  const constantArea: Area = { kind: 'constants', bytes: 0, start: 0, first: -1, last: Number.POSITIVE_INFINITY };

  const area = (count: number): Area => {
    const bytes = 4 * count;
    if (!(bytes <= mostBytes)) throw new CannotPlan(`a tensor of ${count} numbers is too large`);
    const made: Area = { kind: 'arena', bytes, start: 0, first: calls.length, last: calls.length };
    areas.push(made);
    return made;
  };

  const literal = (values: ArrayLike<number>): Address => {
    const offset = 4 * words.length;
    // Whole vectors may be read behind the last one.
    for (let index = 0; index < Math.ceil(values.length / 4) * 4 + 4; index++) words.push(values[index] ?? 0);
    return { area: literals, offset };
  };

  const floatBits = (values: readonly number[]): Int32Array => new Int32Array(Float32Array.from(values).buffer);

  const addressOf = ({ datatype, known, address, weight }: Value): Address => {
    if (address !== undefined) return address;
    if (weight !== undefined) return { area: constantArea, offset: constants.raw(weight) };
    if (known === undefined) throw new CannotPlan('a tensor that is nowhere');
    return literal(datatype === 'FP32' ? floatBits(known) : known);
  };

  const building: Draft = {
    constants,
    calls,
    areas,
    words: () => Int32Array.from(words),
    call: (kernel, ...args) => {
      for (const arg of args) if (typeof arg !== 'number') arg.area.last = Math.max(arg.area.last, calls.length);
      calls.push({ kernel, args });
    },
    take: (datatype, shape, padding = noPadding) => {
      if (!isPadded(padding)) {
        if (elementCount(shape) === 0) throw new CannotPlan('a tensor without elements');
        return { datatype, shape, address: { area: area(elementCount(shape)), offset: 0 } };
      }
      const [images, height, width, channels] = shape as [number, number, number, number];
      const { top, left, bottom, right, fill } = padding;
      const { row, image } = pitches({ datatype, shape, padding });
      const whole: Address = { area: area(images * image), offset: 0 };
      building.call('border', whole, images, height, width, channels, top, left, bottom, right, fill);
      return { datatype, shape, padding, address: { area: whole.area, offset: 4 * (top * row + left * channels) } };
    },
    scratch: (count) => ({ area: area(count), offset: 0 }),
    integers: literal,
    place: addressOf,
    at: (value) => addressOf(building.padded(value, noPadding)),
    padded: (value, padding) => {
      const now = value.padding ?? noPadding;
      if (samePadding(now, padding) || (!isPadded(now) && !isPadded(padding))) return value;
      const known = copies.get(value)?.find((copy) => samePadding(copy.padding ?? noPadding, padding));
      if (known !== undefined) return known;
      const copy = building.take(value.datatype, value.shape, padding);
      copies.set(value, [...(copies.get(value) ?? []), copy]);
      const [images, height, width, channels] = value.shape as [number, number, number, number];
      const strides = (of: Value) => [0, 0, 0, pitches(of).image, pitches(of).row, 1];
      building.call(
        'copy',
        addressOf(value),
        addressOf(copy),
        building.integers([1, 1, 1, images, height, width * channels]),
        building.integers(strides(value)),
        building.integers(strides(copy)),
      );
      return copy;
    },
    packed: (key, floats, sources, pack) => ({
      area: constantArea,
      offset: constants.packed(key, floats, sources, pack),
    }),
    keep: (value, since) => {
      const { area: kept } = addressOf(value);
      if (since === 'start') kept.first = -1;
      else kept.last = Number.POSITIVE_INFINITY;
    },
  };
  return building;
}
