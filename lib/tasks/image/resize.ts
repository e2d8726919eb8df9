import type { Raster } from './pixels.js';

/** The source span that a target position covers, and the weight of each element in it (weights sum to 1). */
interface Span {
  readonly start: number;
  readonly weights: Float64Array;
}

/**
 * Resizes each axis by itself: where it shrinks, a target pixel is the mean of the area that it covers (nothing thin is
 * skipped); where it grows, bilinear between pixel centres.
 */
export function resize(raster: Raster, width: number, height: number): Raster {
  // The axis that leaves less to do comes first: 28 columns out of a picture that is 1 pixel wide and 16 million high.
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
    for (const { start, weights } of columns) {
      for (let channel = 0; channel < channels; channel++) {
        let from = row + start * channels + channel;
        let sum = 0;
        for (let index = 0; index < weights.length; index++) {
          sum += (weights[index] as number) * (values[from] as number);
          from += channels;
        }
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
  spans(raster.height, height).forEach(({ start, weights }, y) => {
    sums.fill(0);
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] as number;
      const row = (start + index) * length;
      for (let x = 0; x < length; x++) sums[x] = (sums[x] as number) + weight * (values[row + x] as number);
    }
    target.set(sums, y * length);
  });
  return { width, height, channels, values: target };
}

function spans(from: number, to: number): Span[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) => (scale > 1 ? area(index, from, to) : between(index, scale, from)));
}

function area(index: number, from: number, to: number): Span {
  const [left, right] = [(index * from) / to, ((index + 1) * from) / to];
  const start = Math.floor(left);
  const weights = new Float64Array(Math.ceil(right) - start);
  for (let at = 0; at < weights.length; at++) {
    weights[at] = (Math.min(right, start + at + 1) - Math.max(left, start + at)) / (right - left);
  }
  return { start, weights };
}

function between(index: number, scale: number, limit: number): Span {
  const centre = Math.min(Math.max((index + 0.5) * scale - 0.5, 0), limit - 1);
  const start = Math.min(Math.floor(centre), Math.max(0, limit - 2));
  const share = centre - start;
  return { start, weights: limit === 1 ? Float64Array.of(1) : Float64Array.of(1 - share, share) };
}
