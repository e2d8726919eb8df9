import { columns, prepareWindow } from '../lib/tasks/series/prepare-window.js';
import type { WindowOptions } from '../lib/tasks/series/series-scale.js';

/** Simple forecasts that the network is held against. Each gives the `horizon` values that follow `series`. */
export type Forecaster = (series: ArrayLike<number>, horizon: number) => number[];

/** What was one season earlier. */
export function seasonalNaive(season: number): Forecaster {
  return (series, horizon) =>
    Array.from({ length: horizon }, (_, step) => series[series.length - season + (step % season)] as number);
}

/** What is usual: the mean over the same days of all earlier years. */
export function usualOf(options: WindowOptions): Forecaster {
  return (series, horizon) => {
    const { values, scale } = prepareWindow(series, options);
    const first = options.window - options.horizon;
    return Array.from(
      { length: horizon },
      (_, step) => scale.location + scale.spread * (values[columns * (first + step) + 1] as number),
    );
  };
}

/**
 * A linear autoregression: each value from the `order` before it and a constant, fitted to `series` by least squares; later steps
 * follow from the forecasts of the earlier ones.
 */
export function linearAutoregression(series: ArrayLike<number>, order: number): Forecaster {
  const size = order + 1;
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  const row = new Float64Array(size + 1);
  for (let at = order; at < series.length; at++) {
    for (let lag = 1; lag <= order; lag++) row[lag - 1] = series[at - lag] as number;
    row[order] = 1;
    row[size] = series[at] as number;
    for (let i = 0; i < size; i++) {
      const target = matrix[i] as Float64Array;
      for (let j = 0; j <= size; j++) target[j] = (target[j] as number) + (row[i] as number) * (row[j] as number);
    }
  }
  const weights = solve(matrix);
  return (history, horizon) => {
    const known = Array.from({ length: order }, (_, lag) => history[history.length - order + lag] as number);
    for (let step = 0; step < horizon; step++) {
      let value = weights[order] as number;
      for (let lag = 1; lag <= order; lag++) value += (weights[lag - 1] as number) * (known.at(-lag) as number);
      known.push(value);
    }
    return known.slice(order);
  };
}

/** Gauss–Jordan with pivots. @param rows of a regular system, its right side as the last column; overwritten */
function solve(rows: Float64Array[]): number[] {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const steepest = rows.reduce(
      (best, row, at) =>
        at > column && Math.abs(row[column] as number) > Math.abs(rows[best]?.[column] as number) ? at : best,
      column,
    );
    const pivot = rows[steepest] as Float64Array;
    rows[steepest] = rows[column] as Float64Array;
    rows[column] = pivot;
    for (const row of rows) {
      const factor = row === pivot ? 0 : (row[column] as number) / (pivot[column] as number);
      if (factor === 0) continue;
      for (let at = column; at <= size; at++) row[at] = (row[at] as number) - factor * (pivot[at] as number);
    }
  }
  return rows.map((row, at) => (row[size] as number) / (row[at] as number));
}
