import type { Plane } from './pixels.js';

/** For each target position, the source span it covers and the weight of each element in it (weights sum to 1). */
interface Span {
  readonly start: number;
  readonly weights: Float64Array;
}

/**
 * Resizes one channel, each axis by itself: where it shrinks, a target pixel is the mean of the area that it covers (nothing
 * thin is skipped); where it grows, bilinear between pixel centres.
 */
export function resize(plane: Plane, width: number, height: number): Plane {
  if (plane.width === width && plane.height === height) return plane;
  const columns = spans(plane.width, width);
  const rows = spans(plane.height, height);
  const narrow = new Float32Array(width * plane.height);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < width; x++) narrow[y * width + x] = weigh(plane.values, columns[x] as Span, y * plane.width, 1);
  }
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) values[y * width + x] = weigh(narrow, rows[y] as Span, x, width);
  }
  return { width, height, values };
}

function weigh(values: Float32Array, { start, weights }: Span, base: number, step: number): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index++) {
    sum += (weights[index] as number) * (values[base + (start + index) * step] as number);
  }
  return sum;
}

function spans(from: number, to: number): Span[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) =>
    scale > 1 ? area(index * scale, scale, from) : between(index, scale, from),
  );
}

function area(left: number, size: number, limit: number): Span {
  const right = Math.min(limit, left + size);
  const start = Math.floor(left);
  const weights = new Float64Array(Math.ceil(right) - start);
  for (let index = 0; index < weights.length; index++) {
    weights[index] = (Math.min(right, start + index + 1) - Math.max(left, start + index)) / (right - left);
  }
  return { start, weights };
}

function between(index: number, scale: number, limit: number): Span {
  const centre = Math.min(Math.max((index + 0.5) * scale - 0.5, 0), limit - 1);
  const start = Math.min(Math.floor(centre), Math.max(0, limit - 2));
  const share = centre - start;
  return { start, weights: limit === 1 ? Float64Array.of(1) : Float64Array.of(1 - share, share) };
}
