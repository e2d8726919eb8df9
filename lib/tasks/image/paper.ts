import type { Raster } from './pixels.js';
import { scratch } from './scratch.js';
import { alongRow, fitSurface, heightAt, levelSurface, type Points, type Surface } from './surface.js';

export interface Paper {
  /** Its colour at each place. */
  readonly surface: Surface;
  /** Differences to it up to this (their length as a vector) are the paper's own grain; 0 in a clean drawing. */
  readonly grain: number;
}

/** The surface is fitted to about so many points. */
const pointCount = 2000;

const rounds = 6;

const room = {
  x: scratch(Float64Array),
  y: scratch(Float64Array),
  colours: scratch(Float32Array),
  far: scratch(Float32Array),
  sorted: scratch(Float32Array),
};

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
  const far = room.far(points.x.length);
  const sorted = room.sorted(points.x.length);
  const findGrain = (): number => {
    distances(points, surface, far);
    sorted.set(far);
    return spread * quantile(sorted, surelyPaper);
  };
  let grain = findGrain();
  for (let round = 0; round < rounds && grain > 0; round++) {
    surface = fitSurface(points, (index) => (far[index] as number) <= grain);
    grain = findGrain();
  }
  if (grain > mostGrain) [surface, grain] = [levelSurface(borderColour(raster)), 0];
  return { surface, grain };
}

/**
 * The difference of each pixel of a row to the paper under it.
 * @param target red, green, blue of each pixel
 */
export function rowDifferences({ surface }: Paper, raster: Raster, row: number, target: Float32Array): void {
  const { width, height, values } = raster;
  const longer = Math.max(width, height);
  const y = place(row, height, longer);
  const [red, redSlope, redBend] = alongRow(surface[0], y);
  const [green, greenSlope, greenBend] = alongRow(surface[1], y);
  const [blue, blueSlope, blueBend] = alongRow(surface[2], y);
  for (let to = 0, from = row * width * 4, column = 0; column < width; column++, from += 4, to += 3) {
    const x = place(column, width, longer);
    target[to] = (values[from] as number) - (red + x * (redSlope + redBend * x));
    target[to + 1] = (values[from + 1] as number) - (green + x * (greenSlope + greenBend * x));
    target[to + 2] = (values[from + 2] as number) - (blue + x * (blueSlope + blueBend * x));
  }
}

/** The middle of a pixel along an axis: 0 in the middle of the image, ±1 at the ends of its longer side. */
function place(index: number, size: number, longer: number): number {
  return (2 * index + 1 - size) / longer;
}

function somePoints({ width, height, values }: Raster): Points {
  const longer = Math.max(width, height);
  const step = Math.max(1, Math.floor((width * height) / pointCount));
  const count = Math.floor((width * height) / step);
  const points = { x: room.x(count), y: room.y(count), colours: room.colours(count * 3) };
  for (let index = 0; index < count; index++) {
    const at = index * step;
    points.x[index] = place(at % width, width, longer);
    points.y[index] = place(Math.floor(at / width), height, longer);
    for (let part = 0; part < 3; part++) points.colours[index * 3 + part] = values[at * 4 + part] as number;
  }
  return points;
}

function distances({ x, y, colours }: Points, [red, green, blue]: Surface, far: Float32Array): void {
  for (let index = 0; index < far.length; index++) {
    const px = x[index] as number;
    const py = y[index] as number;
    const dr = (colours[index * 3] as number) - heightAt(red, px, py);
    const dg = (colours[index * 3 + 1] as number) - heightAt(green, px, py);
    const db = (colours[index * 3 + 2] as number) - heightAt(blue, px, py);
    far[index] = Math.sqrt(dr * dr + dg * dg + db * db);
  }
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

/** By partitions around a pivot until the one wanted is in its place (Hoare: "Algorithm 65: find", 1961). @param values reordered */
function quantile(values: Float32Array, share: number): number {
  const wanted = Math.floor(values.length * share);
  for (let first = 0, last = values.length - 1; first < last; ) {
    const pivot = values[(first + last) >> 1] as number;
    let [left, right] = [first, last];
    while (left <= right) {
      while ((values[left] as number) < pivot) left++;
      while ((values[right] as number) > pivot) right--;
      if (left > right) break;
      const swapped = values[left] as number;
      values[left++] = values[right] as number;
      values[right--] = swapped;
    }
    if (wanted <= right) last = right;
    else if (wanted >= left) first = left;
    else break;
  }
  return values[wanted] as number;
}
