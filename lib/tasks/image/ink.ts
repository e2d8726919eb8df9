import { levelled } from './level.js';
import { flattened, luminance, type Pixels, type Plane, type Raster } from './pixels.js';
import { resize } from './resize.js';

/** Less contrast between ink and paper than this (grey levels of 255) is grain, not ink. */
const leastContrast = 32;

/** Ink is sought in a picture of at most this many pixels a side: it also takes the grain out of photos. */
const workingSide = 512;

/**
 * How much ink lies on each pixel of a drawing, scan or photo, 0–255; 0 is paper, whatever the colours. Undefined where there
 * is none. Pictures over 512 pixels a side come back smaller.
 */
export function findInk(pixels: Pixels): Plane | undefined {
  const raster = working(flattened(pixels, backgroundOf(pixels)));
  const ink = levelled(projected(raster));
  const most = ink.values.reduce((max, value) => Math.max(max, value), 0);
  return most < leastContrast ? undefined : ink;
}

/** What shows through transparency: white under dark strokes, black under light ones. */
function backgroundOf({ rgba }: Pixels): 0 | 255 {
  let [weight, sum] = [0, 0];
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
function projected({ width, height, values }: Raster): Plane {
  const paper = [0, 1, 2].map((part) => median(border(values, width, height, part))) as [number, number, number];
  const differences = new Float32Array(width * height * 3);
  const ink = [0, 0, 0] as [number, number, number];
  for (let from = 0, to = 0; from < values.length; from += 4, to += 3) {
    const red = (values[from] as number) - paper[0];
    const green = (values[from + 1] as number) - paper[1];
    const blue = (values[from + 2] as number) - paper[2];
    const weight = red * red + green * green + blue * blue;
    ink[0] += weight * red;
    ink[1] += weight * green;
    ink[2] += weight * blue;
    differences[to] = red;
    differences[to + 1] = green;
    differences[to + 2] = blue;
  }
  // Grey levels: black on white is 255, as is one pure colour on the paper that has the other two as well.
  const length = Math.hypot(...ink) * Math.sqrt(3) || 1;
  const [red, green, blue] = ink.map((part) => part / length) as [number, number, number];
  const plane = new Float32Array(width * height);
  for (let index = 0, from = 0; index < plane.length; index++, from += 3) {
    plane[index] =
      red * (differences[from] as number) +
      green * (differences[from + 1] as number) +
      blue * (differences[from + 2] as number);
  }
  return { width, height, values: plane };
}

function border(values: Uint8Array | Float32Array, width: number, height: number, part: number): Float32Array {
  const found = new Float32Array(2 * (width + height));
  let next = 0;
  const take = (x: number, y: number): void => {
    found[next++] = values[(y * width + x) * 4 + part] as number;
  };
  for (let x = 0; x < width; x++) {
    take(x, 0);
    take(x, height - 1);
  }
  for (let y = 0; y < height; y++) {
    take(0, y);
    take(width - 1, y);
  }
  return found;
}

function median(values: Float32Array): number {
  return values.sort()[values.length >> 1] as number;
}
