import jpeg from 'jpeg-js';
import { createRandom, type Random } from '../../../lib/core/random.js';
import { decodeImage } from '../../../lib/tasks/image/decode-image.js';
import type { Pixels } from '../../../lib/tasks/image/pixels.js';
import { resize } from '../../../lib/tasks/image/resize.js';
import { thinned } from './thinned.js';

// Jest looks its globals up through a proxy: once is enough.
const { cos, floor, max, min, PI, round, sin, SQRT2, sqrt } = Math;

/** How much ink lies on each pixel of a square image, 0–1. */
export interface Ink {
  readonly side: number;
  readonly coverage: Float32Array;
}

const any = createRandom(1);

type Colour = readonly [red: number, green: number, blue: number];

const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];

/** An MNIST image as ink, enlarged smoothly. */
export function enlarged(digit: Uint8Array, factor: number): Ink {
  const side = sqrt(digit.length);
  const { values } = resize({ width: side, height: side, channels: 1, values: digit }, side * factor, side * factor);
  return { side: side * factor, coverage: Float32Array.from(values, (value) => value / 255) };
}

/** The middle lines of the strokes, softly drawn: about 1/80 of the digit's height wide. */
export function thinLines(digit: Uint8Array): Ink {
  const { side, coverage } = enlarged(digit, 4);
  const lines = Uint8Array.from(
    thinned(
      coverage.map((value) => (value > 0.5 ? 1 : 0)),
      side,
    ),
    (on) => on * 255,
  );
  return enlarged(lines, 5);
}

/** Ink as it is, opaque. */
export function drawn({ side, coverage }: Ink, ink = black, paper = white): Pixels {
  const rgba = new Uint8Array(side * side * 4);
  for (let index = 0, at = 0; index < coverage.length; index++, at += 4) {
    const share = coverage[index] as number;
    for (let part = 0; part < 3; part++) {
      rgba[at + part] = round((paper[part] as number) * (1 - share) + (ink[part] as number) * share);
    }
    rgba[at + 3] = 255;
  }
  return { width: side, height: side, rgba };
}

/** Strokes on nothing, as drawing programs save them. */
export function onTransparency({ side, coverage }: Ink, ink: Colour): Pixels {
  const rgba = new Uint8Array(side * side * 4);
  coverage.forEach((share, index) => {
    rgba.set([...ink, round(share * 255)], index * 4);
  });
  return { width: side, height: side, rgba };
}

/** Somewhere on a larger sheet. */
export function placed({ side, coverage }: Ink, sheet: number, random: Random): Ink {
  const wide = new Float32Array(sheet * sheet);
  const [left, top] = [floor(random() * (sheet - side)), floor(random() * (sheet - side))];
  for (let y = 0; y < side; y++) wide.set(coverage.subarray(y * side, (y + 1) * side), (top + y) * sheet + left);
  return { side: sheet, coverage: wide };
}

/** Cut off right at the ink. */
export function tight({ side, coverage }: Ink): Pixels {
  const inked = Array.from(coverage, (share, index) => (share > 0.3 ? index : -1)).filter((index) => index >= 0);
  const columns = inked.map((index) => index % side);
  const [left, right] = [min(...columns), max(...columns)];
  const [top, bottom] = [floor((inked[0] ?? 0) / side), floor((inked.at(-1) ?? 0) / side)];
  const { rgba } = drawn({ side, coverage });
  const rows = Array.from({ length: bottom - top + 1 }, (_, row) => {
    const start = ((top + row) * side + left) * 4;
    return rgba.subarray(start, start + (right - left + 1) * 4);
  });
  return { width: right - left + 1, height: rows.length, rgba: Uint8Array.from(Buffer.concat(rows)) };
}

/** Numbers of mean 0 and variance 1, nearly normal: the sum of four uniform ones has a variance of 1/3. */
const normal = Float32Array.from({ length: 65_537 }, () => (any() + any() + any() + any() - 2) * sqrt(3));

/** Paper under a lamp: half as bright in one corner as in the other, darker to the edges, with grain; saved as JPEG. */
export function photographed({ side, coverage }: Ink, random: Random, light = 0.6, grain = 8): Pixels {
  const [ink, paper] = [
    [52, 54, 88],
    [240, 235, 220],
  ] as const;
  const angle = random() * 2 * PI;
  const [directionX, directionY] = [cos(angle) * SQRT2, sin(angle) * SQRT2];
  const start = floor(random() * normal.length);
  const { rgba } = drawn({ side, coverage }, ink, paper);
  for (let index = 0; index < side * side; index++) {
    const [x, y] = [(index % side) / side - 0.5, floor(index / side) / side - 0.5];
    const along = x * directionX + y * directionY; // -1 to 1
    const brightness = (1 + light) / 2 - (along * (1 - light)) / 2 - 0.2 * (x * x + y * y);
    for (let part = 0; part < 3; part++) {
      const noise = grain * (normal[(start + index * 3 + part) % normal.length] as number);
      const value = (rgba[index * 4 + part] as number) * brightness + noise;
      rgba[index * 4 + part] = min(255, max(0, round(value)));
    }
  }
  return compressed({ width: side, height: side, rgba }, 80);
}

/** Through JPEG and back. */
export function compressed({ width, height, rgba }: Pixels, quality: number): Pixels {
  return decodeImage(jpeg.encode({ width, height, data: rgba }, quality).data, 'presentation');
}
