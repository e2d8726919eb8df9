// Writes the example of the forecast: three years of days, as CSV.
import { mkdirSync, writeFileSync } from 'node:fs';
import { syntheticSeries } from './synthetic-series.js';

const file = 'examples/series.csv';
mkdirSync('examples', { recursive: true });
const lines = syntheticSeries(3 * 365).map((value, day) => {
  // Three years without a leap day.
  const date = new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10);
  return `${date},${value.toFixed(1)}`;
});
writeFileSync(file, `${['date,value', ...lines].join('\n')}\n`);
process.stderr.write(`${file}\n`);
