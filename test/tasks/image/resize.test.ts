import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Raster } from '../../../lib/tasks/image/pixels.js';
import { resize } from '../../../lib/tasks/image/resize.js';

interface Grey {
  readonly width: number;
  readonly height: number;
  readonly values: readonly number[];
}

const pillow: { source: Grey; resized: Grey[] } = JSON.parse(readFileSync('test/fixtures/images/resized.json', 'utf8'));

function raster({ width, height, values }: Grey, channels = 1): Raster {
  return { width, height, channels, values: Float32Array.from(values) };
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a).toHaveLength(b.length);
  return Array.from(a, (value, index) => Math.abs(value - (b[index] as number))).reduce((x, y) => Math.max(x, y), 0);
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe('resizing', () => {
  test.each(pillow.resized)('to $width × $height is what Pillow makes of it', ({ width, height, values }) => {
    const resized = resize(raster(pillow.source), width, height);
    expect(resized).toMatchObject({ width, height, channels: 1 });
    expect(difference(resized.values, values)).toBeLessThan(1e-3);
  });

  test('small cases by hand', () => {
    const values = (source: Grey, width: number, height: number, channels?: number) => [
      ...resize(raster(source, channels), width, height).values,
    ];
    expect(values({ width: 2, height: 2, values: [1, 2, 3, 6] }, 1, 1)).toEqual([3]);
    expect(values({ width: 3, height: 1, values: [0, 30, 90] }, 2, 1)).toEqual([10, 70]);
    expect(values({ width: 2, height: 1, values: [0, 8] }, 4, 1)).toEqual([0, 2, 6, 8]);
    expect(values({ width: 1, height: 1, values: [7] }, 3, 2)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(values({ width: 2, height: 1, values: [1, 10, 3, 30] }, 1, 1, 2)).toEqual([2, 20]);
    expect(values({ width: 1, height: 2, values: [1, 10, 3, 30] }, 1, 1, 2)).toEqual([2, 20]);
  });

  const side = fc.integer({ min: 1, max: 40 });

  test('keeps an even image even, and every value within those of the source', () => {
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.integer({ min: 0, max: 255 }),
        (width, height, toWidth, toHeight, value) => {
          const even = { width, height, values: new Array<number>(width * height).fill(value) };
          const { values } = resize(raster(even), toWidth, toHeight);
          expect(values).toHaveLength(toWidth * toHeight);
          expect(difference(values, new Array<number>(values.length).fill(value))).toBeLessThan(1e-4);
        },
      ),
    );
  });

  test('keeps the mean of what shrinks, and each channel to itself', () => {
    const shrinking = fc
      .tuple(side, side)
      .chain(([width, height]) =>
        fc.tuple(
          fc.constant([width, height] as const),
          fc.integer({ min: 1, max: width }),
          fc.integer({ min: 1, max: height }),
          fc.uint8Array({ minLength: width * height, maxLength: width * height }),
        ),
      );
    fc.assert(
      fc.property(shrinking, ([[width, height], toWidth, toHeight, grey]) => {
        const small = resize({ width, height, channels: 1, values: grey }, toWidth, toHeight).values;
        expect(Math.abs(mean(small) - mean(grey))).toBeLessThan(1e-3);
        const pairs = Float32Array.from({ length: grey.length * 2 }, (_, index) =>
          index % 2 === 0 ? (grey[index / 2] as number) : 9,
        );
        const both = resize({ width, height, channels: 2, values: pairs }, toWidth, toHeight).values;
        expect(
          difference(
            both.filter((_, index) => index % 2 === 0),
            small,
          ),
        ).toBeLessThan(1e-4);
        expect(
          difference(
            both.filter((_, index) => index % 2 === 1),
            new Array<number>(small.length).fill(9),
          ),
        ).toBeLessThan(1e-4);
      }),
    );
  });

  test('a picture of the same size is handed on', () => {
    const same = raster(pillow.source);
    expect(resize(same, same.width, same.height)).toBe(same);
  });

  test.each([
    [1, 16_000_000],
    [16_000_000, 1],
  ])('%i × %i pixels need neither time nor memory to speak of', (width, height) => {
    const picture = { width, height, channels: 1, values: new Uint8Array(16_000_000).fill(9) };
    const [before, start] = [process.memoryUsage().arrayBuffers, performance.now()];
    const { values } = resize(picture, 28, 28);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(difference(values, new Array<number>(784).fill(9))).toBeLessThan(1e-4);
  });
});
