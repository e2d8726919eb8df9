import { invalidInput } from '../../core/errors.js';
import { luminance, type Pixels, type Plane } from './pixels.js';
import { resize } from './resize.js';

/** Less difference between the darkest and the brightest pixel than this (of 255) is paper, not ink. */
const leastContrast = 32;

/** Ink counts towards the bounding box from this share of the strongest on: paper has grain and shadows. */
const inkThreshold = 0.3;

/** MNIST's digits fill a box of 20 in a field of 28 (LeCun, Cortes, Burges: "The MNIST database", 1998). */
const boxShare = 20 / 28;

/**
 * A drawing or scan of one character → light ink on black, as MNIST was made: scaled into a box of 20/28 of the field with
 * its shape kept, and placed with its centre of mass in the middle. An image that has the network's size already is only
 * turned light on dark.
 * @returns [height, width, 1], 0–255
 * @throws INVALID_INPUT when there is no ink
 */
export function prepareHandwriting(pixels: Pixels, width: number, height: number, field: string): Float32Array {
  const ink = lightOnDark(overOpposite(pixels));
  if (ink === undefined) throw invalidInput(field, 'the image is blank: draw with more contrast to the background');
  if (ink.width === width && ink.height === height) return ink.values;
  const box = crop(ink);
  const scale = boxShare * Math.min(width / box.width, height / box.height);
  const small = resize(box, Math.max(1, Math.round(box.width * scale)), Math.max(1, Math.round(box.height * scale)));
  return centred(strengthened(small), width, height).values;
}

/** Grey, with transparency over white for dark strokes and over black for light ones. */
function overOpposite({ width, height, rgba }: Pixels): Plane {
  const values = new Float32Array(width * height);
  let weight = 0;
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const at = index * 4;
    values[index] = luminance(rgba[at] as number, rgba[at + 1] as number, rgba[at + 2] as number);
    weight += rgba[at + 3] as number;
    sum += (values[index] as number) * (rgba[at + 3] as number);
  }
  const background = sum < 127.5 * weight ? 255 : 0;
  for (let index = 0; index < values.length; index++) {
    const alpha = (rgba[index * 4 + 3] as number) / 255;
    values[index] = background + ((values[index] as number) - background) * alpha;
  }
  return { width, height, values };
}

/** The border shows the background: where it is the bright side, the image is inverted. Undefined for a blank one. */
function lightOnDark({ width, height, values }: Plane): Plane | undefined {
  let least = 255;
  let most = 0;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (most - least < leastContrast) return undefined;
  const bright = median(border({ width, height, values })) > (least + most) / 2;
  return { width, height, values: bright ? values.map((value) => 255 - value) : values };
}

function border({ width, height, values }: Plane): Float32Array {
  const rows = [values.subarray(0, width), values.subarray((height - 1) * width)];
  const columns = Array.from({ length: height }, (_, y) => [y * width, y * width + width - 1]).flat();
  return Float32Array.from([...rows.flatMap((row) => [...row]), ...columns.map((index) => values[index] as number)]);
}

function median(values: Float32Array): number {
  return values.sort()[values.length >> 1] as number;
}

/** What lies inside the ink's bounding box, the background's own brightness taken away. */
function crop({ width, values, height }: Plane): Plane {
  const background = median(border({ width, height, values }));
  const most = values.reduce((max, value) => Math.max(max, value), 0);
  const threshold = background + (most - background) * inkThreshold;
  let [left, right, top, bottom] = [width, 0, height, 0];
  values.forEach((value, index) => {
    if (value < threshold) return;
    const [x, y] = [index % width, Math.floor(index / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  });
  const size = { width: right - left + 1, height: bottom - top + 1 };
  const inside = new Float32Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const row = (top + y) * width + left;
    inside.set(values.subarray(row, row + size.width), y * size.width);
  }
  return { ...size, values: inside.map((value) => Math.max(0, value - background)) };
}

/** Thin strokes fade when they shrink; the strongest ink becomes full white again. */
function strengthened({ width, height, values }: Plane): Plane {
  const most = values.reduce((max, value) => Math.max(max, value), 0);
  return { width, height, values: values.map((value) => (value * 255) / most) };
}

function centred({ width, height, values }: Plane, fieldWidth: number, fieldHeight: number): Plane {
  let [mass, massX, massY] = [0, 0, 0];
  values.forEach((value, index) => {
    mass += value;
    massX += value * ((index % width) + 0.5);
    massY += value * (Math.floor(index / width) + 0.5);
  });
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
