import { type Datatype, elementCount } from '../core/tensor.js';

/** A stretch of the heap. Where it starts is settled when all of a plan is known (arena, literals), or at once (constants). */
export interface Area {
  readonly kind: 'constants' | 'literals' | 'arena';
  readonly bytes: number;
  /** From the start of its kind's part of the heap. */
  start: number;
  /** The calls between which it must not be overwritten; −1 is before the first. */
  first: number;
  last: number;
}

/** A pointer that a kernel gets. */
export interface Address {
  readonly area: Area;
  /** Bytes from the area's start. */
  readonly offset: number;
}

/** Rows and columns around an image that a window may read. */
export interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  /** What stands there: 0, or −Infinity for a maximum. */
  readonly fill: number;
}

/** A tensor while it is planned. */
export interface Value {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Its numbers, where they don't depend on the inputs' numbers and are few: what shapes are made of. */
  readonly known?: readonly number[] | undefined;
  /** Where it is; a known one comes into the heap only when a kernel reads it. */
  readonly address?: Address | undefined;
  /** Only of an image [images, height, width, channels]; `address` is then that of the first pixel behind the border. */
  readonly padding?: Padding | undefined;
  /** The node of a weight. */
  readonly weight?: string | undefined;
}

/** Floats from one row, and from one image to the next. */
export function pitches({ shape, padding }: Value): { readonly row: number; readonly image: number } {
  const [, height, width, channels] = shape as [number, number, number, number];
  const { top, left, bottom, right } = padding ?? noPadding;
  const row = (left + width + right) * channels;
  return { row, image: (top + height + bottom) * row };
}

export const noPadding: Padding = { top: 0, left: 0, bottom: 0, right: 0, fill: 0 };

export const isPadded = ({ top, left, bottom, right }: Padding): boolean => top + left + bottom + right > 0;

export const samePadding = (a: Padding, b: Padding): boolean =>
  a.top === b.top &&
  a.left === b.left &&
  a.bottom === b.bottom &&
  a.right === b.right &&
  (a.fill === b.fill || !isPadded(a));

/** Whether an image with the first border is one with the second, too. */
export const covers = (has: Padding = noPadding, wanted: Padding): boolean =>
  has.top >= wanted.top &&
  has.left >= wanted.left &&
  has.bottom >= wanted.bottom &&
  has.right >= wanted.right &&
  (has.fill === wanted.fill || !isPadded(wanted));

export const countOf = ({ shape }: Value): number => elementCount(shape);
