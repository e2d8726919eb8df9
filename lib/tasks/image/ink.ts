import { findPaper, type Paper } from './paper.js';
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
  const raster = working(flattened(pixels, backgroundOf));
  const { width, height } = raster;
  const values = projected(findPaper(raster));
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most < leastContrast ? undefined : { width, height, values };
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
function projected({ differences, grain }: Paper): Float32Array {
  const ink = [0, 0, 0] as [number, number, number];
  for (let at = 0; at < differences.length; at += 3) {
    const red = differences[at] as number;
    const green = differences[at + 1] as number;
    const blue = differences[at + 2] as number;
    const distance = red * red + green * green + blue * blue;
    if (distance <= grain * grain) continue;
    ink[0] += distance * red;
    ink[1] += distance * green;
    ink[2] += distance * blue;
  }
  // In grey levels: black on white is 255.
  const length = Math.hypot(...ink) * Math.sqrt(3) || 1;
  const [red, green, blue] = ink.map((part) => part / length) as [number, number, number];
  const floor = grain / Math.sqrt(3);
  const values = new Float32Array(differences.length / 3);
  for (let index = 0, at = 0; index < values.length; index++, at += 3) {
    const [dr, dg, db] = [differences[at] as number, differences[at + 1] as number, differences[at + 2] as number];
    const ink = red * dr + green * dg + blue * db - floor;
    if (ink > 0) values[index] = ink;
  }
  return values;
}
