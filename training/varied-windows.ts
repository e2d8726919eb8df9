import { createRandom } from '../lib/core/random.js';
import type { WindowOptions } from '../lib/tasks/series/series-scale.js';
import { joinWindows, makeWindows, type Windows } from './train-forecast.js';

/** Steps after which series of hours, days and months like to repeat themselves. */
const periods = [7, 12, 24];

/**
 * Windows of series that are made up: growth, a season of one shape or another, and noise that lasts. They teach the network what
 * temperatures don't show, that a series may grow and repeat itself within the window.
 */
export function makeVariedWindows(count: number, seed: number, options: WindowOptions): Windows {
  const random = createRandom(seed);
  const { window, horizon } = options;
  const between = (low: number, high: number): number => low + (high - low) * random();
  const one = (): Windows => {
    const period = periods[Math.floor(random() * periods.length)] as number;
    const [growth, lasting, noise] = [between(-0.005, 0.015), between(0, 0.9), between(0.005, 0.06)];
    const waves = [1, 2, 3].map((order) => ({ order, size: between(0, 0.25) / order, phase: between(0, 2 * Math.PI) }));
    let rest = 0;
    const values = Float64Array.from({ length: window + horizon }, (_, step) => {
      rest = lasting * rest + noise * (random() + random() + random() - 1.5) * 2;
      const season = waves.reduce(
        (sum, { order, size, phase }) => sum + size * Math.cos((2 * Math.PI * order * step) / period + phase),
        1,
      );
      return Math.exp(growth * step) * (season + rest);
    });
    return makeWindows(values, window, values.length, options);
  };
  return joinWindows(Array.from({ length: count }, one));
}
