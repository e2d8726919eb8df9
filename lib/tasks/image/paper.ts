import type { Raster } from './pixels.js';
import { fitSurface, heightAt, levelSurface, type Points, type Surface } from './surface.js';

export interface Paper {
  /** Each pixel's difference to the paper under it: red, green, blue. */
  readonly differences: Float32Array;
  /** Differences up to this (their length as a vector) are the paper's own grain; 0 in a clean drawing. */
  readonly grain: number;
}

/** The surface is fitted to about so many points. */
const pointCount = 2000;

const rounds = 6;

/** This share of the image is taken for paper, the part nearest to the surface; the rest of it is at most so much farther. */
const surelyPaper = 0.15;
const spread = 4;

/** More than this (grain is a length in RGB) is no grain: the image shows hardly any paper beside the strokes. */
const mostGrain = 96;

/**
 * Finds the paper of a drawing, scan or photo: the colour that most of the border shows. Where it is not even, a quadratic
 * surface takes up slanting light and dark corners; ink is left out of it as what is far from the surface.
 * @param raster four channels, the last without a meaning
 */
export function findPaper(raster: Raster): Paper {
  const points = somePoints(raster);
  let surface = levelSurface(borderColour(raster));
  let far = distances(points, surface);
  let grain = spread * quantile(far, surelyPaper);
  for (let round = 0; round < rounds && grain > 0; round++) {
    surface = fitSurface(points, (index) => (far[index] as number) <= grain);
    far = distances(points, surface);
    grain = spread * quantile(far, surelyPaper);
  }
  if (grain > mostGrain) [surface, grain] = [levelSurface(borderColour(raster)), 0];
  return { differences: differencesTo(surface, raster), grain };
}

function differencesTo([red, green, blue]: Surface, { width, height, values }: Raster): Float32Array {
  const longer = Math.max(width, height);
  const differences = new Float32Array(width * height * 3);
  for (let row = 0, from = 0, to = 0; row < height; row++) {
    const y = place(row, height, longer);
    for (let column = 0; column < width; column++, from += 4) {
      const x = place(column, width, longer);
      differences[to++] = (values[from] as number) - heightAt(red, x, y);
      differences[to++] = (values[from + 1] as number) - heightAt(green, x, y);
      differences[to++] = (values[from + 2] as number) - heightAt(blue, x, y);
    }
  }
  return differences;
}

/** The middle of a pixel along an axis: 0 in the middle of the image, ±1 at the ends of its longer side. */
function place(index: number, size: number, longer: number): number {
  return (2 * index + 1 - size) / longer;
}

function somePoints({ width, height, values }: Raster): Points {
  const longer = Math.max(width, height);
  const step = Math.max(1, Math.floor((width * height) / pointCount));
  const count = Math.floor((width * height) / step);
  const points = { x: new Float64Array(count), y: new Float64Array(count), colours: new Float32Array(count * 3) };
  for (let index = 0; index < count; index++) {
    const at = index * step;
    points.x[index] = place(at % width, width, longer);
    points.y[index] = place(Math.floor(at / width), height, longer);
    for (let part = 0; part < 3; part++) points.colours[index * 3 + part] = values[at * 4 + part] as number;
  }
  return points;
}

function distances({ x, y, colours }: Points, [red, green, blue]: Surface): Float32Array {
  const far = new Float32Array(x.length);
  for (let index = 0; index < far.length; index++) {
    const [px, py] = [x[index] as number, y[index] as number];
    const dr = (colours[index * 3] as number) - heightAt(red, px, py);
    const dg = (colours[index * 3 + 1] as number) - heightAt(green, px, py);
    const db = (colours[index * 3 + 2] as number) - heightAt(blue, px, py);
    far[index] = Math.sqrt(dr * dr + dg * dg + db * db);
  }
  return far;
}

function borderColour({ width, height, values }: Raster): number[] {
  return [0, 1, 2].map((part) => {
    const border = new Float32Array(2 * (width + height));
    const lastRow = (height - 1) * width;
    for (let x = 0; x < width; x++) {
      border[2 * x] = values[x * 4 + part] as number;
      border[2 * x + 1] = values[(lastRow + x) * 4 + part] as number;
    }
    for (let y = 0, next = 2 * width; y < height; y++) {
      border[next++] = values[y * width * 4 + part] as number;
      border[next++] = values[(y * width + width - 1) * 4 + part] as number;
    }
    return quantile(border, 0.5);
  });
}

function quantile(values: Float32Array, share: number): number {
  return values.slice().sort()[Math.floor(values.length * share)] as number;
}
