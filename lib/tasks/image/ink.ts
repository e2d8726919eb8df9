import { findPaper, rowDifferences } from './paper.js';
import { flattened, luminance, type Pixels, type Plane, type Raster } from './pixels.js';
import { resize } from './resize.js';
import { scratch } from './scratch.js';
import { strongest } from './strokes.js';

/** Less contrast between ink and paper than this (grey levels of 255) is grain, not ink. */
const leastContrast = 32;

/** Ink is sought in a picture of at most this many pixels a side: it also takes the grain out of photos. */
const workingSide = 512;

const room = { differences: scratch(Float32Array), values: scratch(Float32Array) };

/**
 * How much ink lies on each pixel of a drawing, scan or photo, 0–255; 0 is paper, whatever the colours. Undefined where there
 * is none. Pictures over 512 pixels a side come back smaller. Its values are overwritten by the next image's.
 */
export function findInk(pixels: Pixels): Plane | undefined {
  const raster = working(flattened(pixels, backgroundOf));
  const { width, height } = raster;
  const values = projected(raster);
  return strongest(values) < leastContrast ? undefined : { width, height, values };
}

/** What shows through transparency: white under dark strokes, black under light ones. */
function backgroundOf({ rgba }: Pixels): 0 | 255 {
  let weight = 0;
  let sum = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] as number;
    weight += alpha;
    sum += alpha * luminance(rgba[at] as number, rgba[at + 1] as number, rgba[at + 2] as number);
  }
  return sum < 127.5 * weight ? 255 : 0;
}

function working(raster: Raster): Raster {
  const scale = workingSide / Math.max(raster.width, raster.height);
  if (scale >= 1) return raster;
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  return resize(raster, side(raster.width), side(raster.height));
}

/**
 * The difference to the paper along the line from the paper's colour to the ink's: exact for anti-aliased strokes, and
 * blind to grain in other colours.
 */
function projected(raster: Raster): Float32Array {
  const { width, height } = raster;
  const paper = findPaper(raster);
  const differences = room.differences(width * height * 3);
  const rowOf = (row: number): Float32Array => differences.subarray(row * width * 3, (row + 1) * width * 3);
  const sum = new Float64Array(3);
  for (let row = 0; row < height; row++) {
    rowDifferences(paper, raster, row, rowOf(row));
    addInk(rowOf(row), paper.grain, sum);
  }
  const [red, green, blue] = sum as unknown as Colour;
  // In grey levels: black on white is 255.
  const length = Math.hypot(red, green, blue) * Math.sqrt(3) || 1;
  const ink: Colour = [red / length, green / length, blue / length];
  const values = room.values(width * height);
  for (let row = 0; row < height; row++) {
    project(rowOf(row), ink, paper.grain / Math.sqrt(3), values.subarray(row * width, (row + 1) * width));
  }
  return values;
}

type Colour = readonly [red: number, green: number, blue: number];

// Rows have functions of their own, as V8 optimizes those that are called often better than long loops.

/** Adds up what is no grain; what is farther from the paper weighs more. */
function addInk(differences: Float32Array, grain: number, sum: Float64Array): void {
  for (let at = 0; at < differences.length; at += 3) {
    const red = differences[at] as number;
    const green = differences[at + 1] as number;
    const blue = differences[at + 2] as number;
    const distance = red * red + green * green + blue * blue;
    if (distance <= grain * grain) continue;
    sum[0] = (sum[0] as number) + distance * red;
    sum[1] = (sum[1] as number) + distance * green;
    sum[2] = (sum[2] as number) + distance * blue;
  }
}

function project(differences: Float32Array, [red, green, blue]: Colour, floor: number, target: Float32Array): void {
  for (let index = 0, at = 0; index < target.length; index++, at += 3) {
    const dr = differences[at] as number;
    const dg = differences[at + 1] as number;
    const db = differences[at + 2] as number;
    const ink = red * dr + green * dg + blue * db - floor;
    target[index] = ink > 0 ? ink : 0;
  }
}
