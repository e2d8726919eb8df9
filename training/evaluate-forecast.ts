// Measures the forecast on the last two years of temperatures, and on airline passengers by month, through its own Lambda handler on
// wasm: JSON in, JSON out. Prints one JSON line.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { handler } from '../functions/forecast.js';
import { readCsv } from '../lib/tasks/series/read-csv.js';
import { linearAutoregression, seasonalNaive, usualOf } from './forecast-baselines.js';
import { dailyWindow, readTemperatures } from './forecast-data.js';
import { baselineError, evaluateForecast, naiveScale } from './forecast-evaluation.js';
import { progressBar } from './progress-bar.js';

const { values: args } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/time-series' },
    registry: { type: 'string', default: './models' },
  },
});
// The handler reads these at its first request. A metrics line for each of 700 requests would bury the result.
Object.assign(process.env, {
  MODELET_REGISTRY: args.registry,
  MODELET_BACKEND: 'wasm',
  POWERTOOLS_METRICS_DISABLED: 'true',
});
const { window, horizon, season } = dailyWindow;
const { values, test } = readTemperatures(args.data);
const bar = progressBar('forecasts on wasm', values.length - horizon - test + 1);
const served = await evaluateForecast(handler, values, test, horizon, (done) => bar.update(done));
bar.stop();

// Two years of another scale and season, which the network knows nothing of.
const file = join(args.data, 'airline-passengers.csv');
const passengers = readCsv(readFileSync(file), file);
const last = passengers.length - 24;
const airline = await evaluateForecast(handler, passengers, last, 12);

const before = values.subarray(0, test);
const round = (value: number): number => Number(value.toFixed(4));
const baseline = (forecast: Parameters<typeof baselineError>[0]) =>
  round(baselineError(forecast, values, test, horizon));
console.log(
  JSON.stringify({
    mase: round(served.mae / naiveScale(before, season)),
    mae: round(served.mae),
    coverage: round(served.coverage),
    testForecasts: served.forecasts,
    seasonalNaiveMae: baseline(seasonalNaive(season)),
    // It reads the same eight weeks.
    linearMae: baseline(linearAutoregression(before, window)),
    usualMae: baseline(usualOf(dailyWindow)),
    airlineMase: round(airline.mae / naiveScale(passengers.subarray(0, last), 12)),
    airlineCoverage: round(airline.coverage),
    airlineLastValueMase: round(
      baselineError(seasonalNaive(1), passengers, last, 12) / naiveScale(passengers.subarray(0, last), 12),
    ),
  }),
);
