import { invalidInput } from '../../core/errors.js';
import { findInk } from './ink.js';
import type { Pixels, Plane } from './pixels.js';
import { resize } from './resize.js';
import { scratch } from './scratch.js';
import { strokeWidth, strongest, thickened } from './strokes.js';

/** Ink counts towards the bounding box from this share of the strongest on. */
const inkThreshold = 0.3;

/** MNIST's digits fill a box of 20 in a field of 28 (LeCun, Cortes, Burges: "The MNIST database", 1998). */
const boxShare = 20 / 28;

/** The thinnest of MNIST's strokes (measured as `strokeWidth` does), in pixels of the field; a fine pen's are made as wide. */
const leastStroke = 1.6;

/** Strokes are looked at in so many times the field's resolution, where a photo's grain is gone and a fine line is not. */
const detail = 4;

/**
 * A drawing, scan or photo of one character → light ink on black, as MNIST was made: scaled into a box of 20/28 of the field
 * with its shape kept, and placed with its centre of mass in the middle. An image that has the network's size already is
 * neither scaled nor moved.
 * @returns [height, width, 1], 0–255
 * @throws INVALID_INPUT when there is no ink
 */
export function prepareHandwriting(pixels: Pixels, width: number, height: number, field: string): Float32Array {
  const ink = findInk(pixels);
  if (ink === undefined) throw invalidInput(field, 'the image is blank: draw with more contrast to the background');
  if (pixels.width === width && pixels.height === height) return ink.values.slice();
  const [boxWidth, boxHeight] = [width * boxShare, height * boxShare];
  const fine = fitted(crop(ink), boxWidth * detail, boxHeight * detail);
  const missing = leastStroke * detail - strokeWidth(fine);
  const strokes = missing > 0 ? thickened(strengthened(fine), missing / 2) : fine;
  return centred(strengthened(fitted(strokes, boxWidth, boxHeight)), width, height).values;
}

/** Scaled to fill a box, its shape kept. */
function fitted({ width, height, values }: Plane, boxWidth: number, boxHeight: number): Plane {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const resized = resize({ width, height, channels: 1, values }, size.width, size.height);
  return { ...size, values: resized.values as Float32Array };
}

const roomInside = scratch(Float32Array);

/** What lies inside the ink's bounding box. */
function crop({ width, values, height }: Plane): Plane {
  const threshold = strongest(values) * inkThreshold;
  let left = width;
  let right = 0;
  let top = height;
  let bottom = 0;
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      if ((values[index] as number) < threshold) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  const size = { width: right - left + 1, height: bottom - top + 1 };
  const inside = roomInside(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const row = (top + y) * width + left;
    inside.set(values.subarray(row, row + size.width), y * size.width);
  }
  return { ...size, values: inside };
}

/** What has faded becomes full white again, where it is. */
function strengthened(plane: Plane): Plane {
  const { values } = plane;
  const most = strongest(values);
  for (let index = 0; index < values.length; index++) values[index] = ((values[index] as number) * 255) / most;
  return plane;
}

function centred({ width, height, values }: Plane, fieldWidth: number, fieldHeight: number): Plane {
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      const value = values[index] as number;
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  }
  const left = clamp(Math.round(fieldWidth / 2 - massX / mass), fieldWidth - width);
  const top = clamp(Math.round(fieldHeight / 2 - massY / mass), fieldHeight - height);
  const field = new Float32Array(fieldWidth * fieldHeight);
  for (let y = 0; y < height; y++) {
    field.set(values.subarray(y * width, (y + 1) * width), (top + y) * fieldWidth + left);
  }
  return { width: fieldWidth, height: fieldHeight, values: field };
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
