import type { Raster } from './pixels.js';

/**
 * The source span that a target position covers: the first element has a weight of its own, so has the last, where it is
 * another; those between share one. They sum to 1.
 */
interface Span {
  readonly start: number;
  readonly count: number;
  readonly first: number;
  readonly inner: number;
  readonly last: number;
}

/**
 * Resizes each axis by itself: where it shrinks, a target pixel is the mean of the area that it covers (nothing thin is
 * skipped); where it grows, bilinear between pixel centres.
 */
export function resize(raster: Raster, width: number, height: number): Raster {
  // The order that keeps less between the two: 28 columns of a picture 1 pixel wide and 16 million high come after its rows.
  const columnsFirst = width * raster.height <= raster.width * height;
  return columnsFirst
    ? resizeRows(resizeColumns(raster, width), height)
    : resizeColumns(resizeRows(raster, height), width);
}

function resizeColumns(raster: Raster, width: number): Raster {
  const { height, channels, values } = raster;
  if (raster.width === width) return raster;
  const columns = spans(raster.width, width);
  const target = new Float32Array(width * height * channels);
  let next = 0;
  for (let y = 0; y < height; y++) {
    const row = y * raster.width * channels;
    for (const { start, count, first, inner, last } of columns) {
      for (let channel = 0; channel < channels; channel++) {
        const from = row + start * channels + channel;
        const end = from + (count - 1) * channels;
        let sum = 0;
        for (let at = from + channels; at < end; at += channels) sum += values[at] as number;
        sum = sum * inner + first * (values[from] as number);
        if (count > 1) sum += last * (values[end] as number);
        target[next++] = sum;
      }
    }
  }
  return { width, height, channels, values: target };
}

function resizeRows(raster: Raster, height: number): Raster {
  const { width, channels, values } = raster;
  if (raster.height === height) return raster;
  const length = width * channels;
  const target = new Float32Array(length * height);
  const sums = new Float64Array(length);
  spans(raster.height, height).forEach(({ start, count, first, inner, last }, y) => {
    sums.fill(0);
    for (let index = 0; index < count; index++) {
      const weight = index === 0 ? first : index === count - 1 ? last : inner;
      const row = (start + index) * length;
      for (let x = 0; x < length; x++) sums[x] = (sums[x] as number) + weight * (values[row + x] as number);
    }
    target.set(sums, y * length);
  });
  return { width, height, channels, values: target };
}

function spans(from: number, to: number): Span[] {
  return Array.from({ length: to }, (_, index) => (from > to ? area(index, from, to) : between(index, from, to)));
}

/** Whole elements, and at either end the part of one that is covered. */
function area(index: number, from: number, to: number): Span {
  const [left, right] = [(index * from) / to, ((index + 1) * from) / to];
  const [start, end] = [Math.floor(left), Math.ceil(right)];
  const inner = to / from;
  const first = (Math.min(right, start + 1) - left) * inner;
  return { start, count: end - start, first, inner, last: (right - (end - 1)) * inner };
}

function between(index: number, from: number, to: number): Span {
  const centre = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
  const start = Math.min(Math.floor(centre), Math.max(0, from - 2));
  const share = centre - start;
  return { start, count: Math.min(2, from), first: 1 - share, inner: 0, last: share };
}
