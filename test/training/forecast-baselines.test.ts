import { describe, expect, test } from '@jest/globals';
import { linearAutoregression, seasonalNaive, usualOf } from '../../training/forecast-baselines.js';
import { baselineError, naiveScale } from '../../training/forecast-evaluation.js';
import { syntheticSeries } from '../../training/synthetic-series.js';

describe('simple forecasts', () => {
  test('the seasonal naive says what was one season earlier, again and again', () => {
    expect(seasonalNaive(3)([9, 1, 2, 3], 5)).toEqual([1, 2, 3, 1, 2]);
  });

  test('the autoregression finds the rule that a series follows', () => {
    const series = [1, 2];
    while (series.length < 60) series.push(1.6 * (series.at(-1) as number) - 0.9 * (series.at(-2) as number) + 0.5);
    const forecast = linearAutoregression(series.slice(0, 40), 2)(series.slice(0, 40), 20);
    forecast.forEach((value, step) => {
      expect(value).toBeCloseTo(series[40 + step] as number, 6);
    });
  });

  test('the usual is the mean of the same days in earlier years', () => {
    const series = Array.from({ length: 30 }, (_, index) => [1, 2, 3, 4, 5, 6][index % 6] as number);
    const [first, second] = usualOf({ window: 6, horizon: 2, season: 6, smoothing: 0 })(series, 2);
    expect([first, second].map((value) => Number(value?.toFixed(5)))).toEqual([1, 2]);
  });
});

describe('errors', () => {
  test('are the mean over all steps of all forecasts that can be checked', () => {
    // Of 0 0 1 3, the last value says: 0 0 for 1 3; then nothing is left for two steps.
    expect(baselineError(seasonalNaive(1), Float64Array.of(0, 0, 1, 3), 2, 2)).toBe(2);
  });

  test("MASE's scale is that of the seasonal naive before the test", () => {
    expect(naiveScale(Float64Array.of(1, 2, 2, 5), 2)).toBe(2);
  });
});

test('the example series is the same everywhere, and like a year', () => {
  const series = syntheticSeries(3 * 365);
  expect(series.slice(0, 3)).toEqual(syntheticSeries(3));
  expect(series.every((value) => Number.isFinite(value) && value === Number(value.toFixed(1)))).toBe(true);
  const mean = (from: number): number => series.slice(from, from + 30).reduce((sum, value) => sum + value, 0) / 30;
  expect(mean(10) - mean(190)).toBeGreaterThan(5);
});
