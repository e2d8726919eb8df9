import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCsv } from '../lib/tasks/series/read-csv.js';
import type { WindowOptions } from '../lib/tasks/series/series-scale.js';

/** How `forecast` sees a series of daily values: eight weeks, what is usual in the two that follow, years. */
export const dailyWindow = { window: 56, horizon: 14, season: 365, smoothing: 7 } as const satisfies WindowOptions;

/** Days at the end that nothing is learned or chosen from: two years. */
export const testDays = 730;
/** Days before those, by which the best epoch and the width of the interval are chosen. */
export const validationDays = 365;

export interface DailySeries {
  readonly values: Float64Array;
  /** Where validation and test start. */
  readonly validation: number;
  readonly test: number;
}

/**
 * Daily minimum temperatures of ten years. The file leaves out the last day of leap years, so that each year has 365.
 * @throws INVALID_INPUT naming the line that is wrong, RangeError when the file is too short
 */
export function readTemperatures(folder: string): DailySeries {
  const file = join(folder, 'daily-min-temperatures.csv');
  const values = readCsv(readFileSync(file), file);
  const test = values.length - testDays;
  const validation = test - validationDays;
  if (validation < 3 * dailyWindow.season) throw new RangeError(`${file}: ${values.length} days are too few`);
  return { values, validation, test };
}
