import { describeValue, invalidInput } from '../../core/errors.js';
import type { Instance } from '../../core/instance.js';
import { readCsv } from './read-csv.js';
import type { WindowOptions } from './series-scale.js';

/** Larger ones leave no room for a forecast beyond them. */
const largest = 1e300;

export interface SeriesRequest {
  readonly series: ArrayLike<number>;
  /** Steps that are asked for. */
  readonly horizon: number;
}

/**
 * `{"series": […], "horizon": n}`, or CSV. Without a horizon, as in CSV, it is all that the network gives.
 * @throws INVALID_INPUT saying what would be right
 */
export function readSeries(
  instance: Exclude<Instance, { kind: 'numbers' }>,
  options: WindowOptions,
  field: string,
): SeriesRequest {
  if (instance.kind === 'file') {
    return { series: checked(readCsv(instance.bytes, field), options, field), horizon: options.horizon };
  }
  const unknown = Object.keys(instance.value).find((name) => name !== 'series' && name !== 'horizon');
  if (unknown !== undefined) throw invalidInput(field, 'has a field beside series and horizon; leave it out');
  const { series, horizon = options.horizon } = instance.value;
  if (!Array.isArray(series)) {
    throw invalidInput(`${field}.series`, `expected an array of numbers, oldest first, got ${describeValue(series)}`);
  }
  if (typeof horizon !== 'number' || !Number.isInteger(horizon) || horizon < 1 || horizon > options.horizon) {
    const got = typeof horizon === 'number' ? String(horizon) : describeValue(horizon);
    throw invalidInput(`${field}.horizon`, `expected a whole number from 1 to ${options.horizon}, got ${got}`);
  }
  return { series: checked(series, options, `${field}.series`), horizon };
}

function checked(series: ArrayLike<unknown>, { window }: WindowOptions, field: string): ArrayLike<number> {
  if (series.length < window) {
    throw invalidInput(field, `has ${series.length} values, the model reads the last ${window}; send at least as many`);
  }
  for (let index = 0; index < series.length; index++) {
    const value = series[index];
    if (typeof value === 'number' && Math.abs(value) <= largest) continue;
    const got = typeof value === 'number' ? 'one beyond ±1e300' : describeValue(value);
    throw invalidInput(`${field}[${index}]`, `expected a number, got ${got}; fill gaps before`);
  }
  return series as ArrayLike<number>;
}
