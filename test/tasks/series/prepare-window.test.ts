import { describe, expect, test } from '@jest/globals';
import { hasSeason, prepareWindow } from '../../../lib/tasks/series/prepare-window.js';
import { seriesScale } from '../../../lib/tasks/series/series-scale.js';

const options = { window: 4, horizon: 2, season: 6, smoothing: 1 };
const column = (values: Float32Array, index: number): number[] =>
  [...values].filter((_, at) => at % 3 === index).map((value) => Number(value.toFixed(5)));

describe('the scale of a series', () => {
  test('is its mean and standard deviation, from a start on', () => {
    expect(seriesScale([100, 1, 3], 1)).toEqual({ location: 2, spread: 1 });
  });

  test('of a constant is the constant, to the bit', () => {
    expect(seriesScale(new Array(7).fill(0.1), 0)).toEqual({ location: 0.1, spread: 0 });
  });

  test.each([1e300, 5e-324, 1e-200])('is finite for numbers near %p', (size) => {
    const { location, spread } = seriesScale([size, -size, size, 0], 0);
    expect([location, spread].every(Number.isFinite)).toBe(true);
    expect(spread).toBeGreaterThan(0);
  });
});

describe('the window', () => {
  test('is the end of the series, in a column of its own where nothing is usual without a season before it', () => {
    const { values, scale } = prepareWindow([9, 9, 1, 3, 1, 3], options);
    expect(scale).toEqual({ location: 2, spread: 1 });
    expect([0, 1, 2].map((index) => column(values, index))).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [-1, 1, -1, 1],
    ]);
  });

  test('knows what is usual `horizon` steps later, from all earlier seasons', () => {
    const length = 15;
    const series = Array.from({ length }, (_, index) => index);
    expect(hasSeason(length, options)).toBe(true);
    const { values, scale } = prepareWindow(series, options);
    // Step 11 tells of 13: seasons before are 7 (6, 7, 8) and 1 (0, 1, 2).
    const usual = [13, 14, 15, 16].map((index) => usualBy(series, index));
    const expected = usual.map((value) => Number(((value - scale.location) / scale.spread).toFixed(5)));
    expect(column(values, 1)).toEqual(expected);
    expect(column(values, 0)[3]).toBeCloseTo((14 - scale.location) / scale.spread, 5);
    expect(column(values, 2)).toEqual([0, 0, 0, 0]);
  });

  test('never looks at what it is to forecast, or past its start', () => {
    const lengths = Array.from({ length: 40 }, (_, index) => index + 4);
    for (const length of lengths) {
      const { values } = prepareWindow(
        Array.from({ length }, (_, index) => Math.sin(index)),
        options,
      );
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  test('stays within bounds when it hardly moves after a wild history', () => {
    const series = [...Array.from({ length: 20 }, (_, index) => 1e300 * (-1) ** index), 1, 1, 1, 1 + 1e-12];
    expect([...prepareWindow(series, options).values].every((value) => Math.abs(value) <= 8)).toBe(true);
  });
});

/** The mean over one step to both sides, 6 and 12 steps earlier. */
function usualBy(series: readonly number[], index: number): number {
  const chosen = [index - 6, index - 12]
    .filter((middle) => middle >= 1)
    .flatMap((middle) => [middle - 1, middle, middle + 1]);
  return chosen.reduce((sum, at) => sum + (series[at] as number), 0) / chosen.length;
}
