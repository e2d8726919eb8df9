import { describe, expect, test } from '@jest/globals';
import { createRandom } from '../../../lib/core/random.js';
import { prepareHandwriting } from '../../../lib/tasks/image/handwriting.js';
import type { Pixels } from '../../../lib/tasks/image/pixels.js';
import { drawn, type Ink, onTransparency, photographed } from './presentations.js';

/** A filled rectangle on a sheet. */
function block(side: number, left: number, top: number, width: number, height: number): Ink {
  const coverage = Float32Array.from({ length: side * side }, (_, index) => {
    const [x, y] = [index % side, Math.floor(index / side)];
    return x >= left && x < left + width && y >= top && y < top + height ? 1 : 0;
  });
  return { side, coverage };
}

const prepare = (pixels: Pixels): Float32Array => prepareHandwriting(pixels, 28, 28, 'body');

/** Where the field is more than half full: left, top, width, height. */
function extent(field: Float32Array): number[] {
  const inked = [...field.keys()].filter((index) => (field[index] as number) > 127);
  const columns = inked.map((index) => index % 28);
  const rows = inked.map((index) => Math.floor(index / 28));
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  return [left, top, Math.max(...columns) - left + 1, Math.max(...rows) - top + 1];
}

describe('a drawing', () => {
  test('fills a box of 20 in the middle of 28, wherever it was and however large, with its shape kept', () => {
    for (const ink of [block(200, 10, 90, 50, 100), block(60, 40, 2, 15, 30), block(900, 100, 700, 60, 120)]) {
      expect(extent(prepare(drawn(ink)))).toEqual([9, 4, 10, 20]);
    }
    expect(extent(prepare(drawn(block(300, 20, 20, 200, 60))))).toEqual([4, 11, 20, 6]);
  });

  test('is prepared alike whatever image came before, and keeps its numbers when the next one comes', () => {
    const random = createRandom(7);
    const images = [28, 60, 900, 200].flatMap((side) => [
      drawn(block(side, 2, 3, side >> 1, side >> 2)),
      photographed(block(side, 3, 2, side >> 2, side >> 1), random),
    ]);
    const first = images.map(prepare);
    const copies = first.map((field) => field.slice());
    expect(images.toReversed().map(prepare).toReversed()).toEqual(copies);
    expect(first).toEqual(copies);
  });

  test('becomes light on dark, full white on full black, in any colours', () => {
    const [ink, colours] = [block(100, 30, 20, 30, 60), [0, 255, 0] as const];
    const expected = prepare(drawn(ink));
    expect([Math.max(...expected), Math.min(...expected)]).toEqual([255, 0]);
    for (const [on, paper] of [
      [
        [255, 255, 255],
        [0, 0, 0],
      ],
      [
        [200, 40, 40],
        [60, 120, 60],
      ], // the same brightness
      [colours, [255, 255, 255]],
      [
        [90, 90, 90],
        [130, 130, 130],
      ],
    ] as const) {
      expect(closeness(prepare(drawn(ink, on, paper)), expected)).toBeLessThan(0.01);
    }
    for (const on of [colours, [20, 20, 20], [250, 250, 250]] as const) {
      expect(closeness(prepare(onTransparency(ink, on)), expected)).toBeLessThan(0.01);
    }
  });

  test('of fine lines gets strokes as wide as those of MNIST', () => {
    const [, , width, height] = extent(prepare(drawn(block(500, 250, 100, 1, 300))));
    expect([width, height]).toEqual([2, 20]);
  });

  test('that has the size of the network is not moved', () => {
    const ink = block(28, 3, 5, 4, 9);
    const expected = ink.coverage.map((share) => share * 255);
    expect(prepare(drawn(ink))).toEqual(expected);
    expect(prepare(drawn(ink, [255, 255, 255], [0, 0, 0]))).toEqual(expected);
  });

  test('may be one pixel wide or high, or one pixel in all', () => {
    const strip = (width: number, height: number): Pixels => {
      const rgba = new Uint8Array(width * height * 4).fill(255);
      rgba.fill(0, 0, 3);
      return { width, height, rgba };
    };
    for (const pixels of [strip(1, 50), strip(50, 1), strip(2, 1), strip(1, 1000)]) {
      expect(Math.max(...prepare(pixels))).toBeCloseTo(255);
    }
  });
});

describe('what is blank is refused', () => {
  const random = createRandom(4);
  const nothing = { side: 300, coverage: new Float32Array(300 * 300) };

  test.each([
    ['white', drawn(nothing)],
    ['black', drawn(nothing, [0, 0, 0], [0, 0, 0])],
    ['one pixel', { width: 1, height: 1, rgba: Uint8Array.of(1, 2, 3, 255) }],
    ['transparent', onTransparency(nothing, [0, 0, 0])],
    ['ink without contrast', drawn(block(100, 30, 30, 40, 40), [240, 240, 240])],
    ['a photo of paper', photographed(nothing, random)],
    ['a grainy photo of paper in bad light', photographed(nothing, random, 0.4, 14)],
  ])('%s', (_, pixels) => {
    expect(() => prepare(pixels)).toThrow('body: the image is blank: draw with more contrast to the background');
  });
});

/** Mean difference of two fields, as a share of full white. */
function closeness(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] as number)), 0) / a.length / 255;
}
