import { createRandom } from '../lib/core/random.js';

/**
 * Daily values that nobody measured: a year's wave, and weather that half lasts until the next day. The same on every machine,
 * with one decimal.
 */
export function syntheticSeries(days: number): number[] {
  const random = createRandom(2026);
  let weather = 0;
  return Array.from({ length: days }, (_, day) => {
    weather = 0.6 * weather + 4 * (random() + random() - 1);
    return Number((11 + 4.5 * Math.cos((2 * Math.PI * (day - 25)) / 365) + weather).toFixed(1));
  });
}
