// Trains the forecast on daily temperatures and publishes it, when it is good enough through the served path.
import { createRegistry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import { loadTfjsNode } from '../lib/runtime/native-backend.js';
import { dailyWindow, readTemperatures } from './forecast-data.js';
import { createForecastNetwork } from './forecast-network.js';
import { measureServed } from './measure-served.js';
import { progressBar } from './progress-bar.js';
import { publishForecast } from './publish-forecast.js';
import { runTraining } from './run-training.js';
import { joinWindows, makeTurnedWindows, makeWindows, trainForecast } from './train-forecast.js';
import { makeVariedWindows } from './varied-windows.js';

const help = `npm run train:forecast -- [options]
  --data DIR       where daily-min-temperatures.csv and airline-passengers.csv are (default ../shared/data/time-series)
  --registry DIR   where to publish (default ./models)
  --epochs N       at most; it ends after 8 that were no better (default 25, about a minute)`;

const seed = 20_261;
const patience = 8;
/** Windows of made-up series beside as many of temperatures. */
const variedWindows = 2400;

/** What evaluate-forecast.ts prints. */
interface Metrics extends Record<string, number> {
  readonly mase: number;
  readonly mae: number;
  readonly linearMae: number;
  readonly coverage: number;
}

async function main(data: string, registry: string, epochs: number): Promise<void> {
  const { values, validation, test } = readTemperatures(data);
  await loadTfjsNode();
  const model = createForecastNetwork(dailyWindow, seed);
  const train = joinWindows([
    makeTurnedWindows(values.subarray(0, validation), dailyWindow),
    makeVariedWindows(variedWindows, seed, dailyWindow),
  ]);
  const bar = progressBar('training', epochs * train.count);
  const best = await trainForecast(model, {
    train,
    validation: makeWindows(values, validation, test, dailyWindow),
    epochs,
    patience,
    seed,
    onBatch: (epoch, windows, loss) => bar.update((epoch - 1) * train.count + windows, `loss ${loss.toFixed(3)}`),
    onEpoch: ({ epoch, loss, validationLoss }) =>
      console.error(`\nepoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, validation ${validationLoss.toFixed(4)}`),
  });
  bar.stop();

  const metrics = await measureServed<Metrics>('forecast', data, (to) => publishForecast(to, model));
  console.error(JSON.stringify(metrics));
  const problem = shortfall(metrics);
  if (problem !== undefined) throw new Error(`not published: ${problem}`);
  const all = { ...metrics, validationLoss: Number(best.validationLoss.toFixed(4)) };
  const { version } = await publishForecast(createRegistry(await openStore(registry)), model, all);
  console.log(JSON.stringify({ model: 'forecast', version, registry, ...all }));
}

/** Why a model is not good enough to be published, if it is not. */
function shortfall({ mase, mae, linearMae, coverage }: Metrics): string | undefined {
  if (!(mase < 1)) return `its MASE is ${mase}, below 1 is needed: last year's values are as good`;
  if (!(mae <= linearMae)) return `its error is ${mae}, that of a linear autoregression ${linearMae}`;
  if (!(coverage >= 0.75 && coverage <= 0.85)) return `its interval of 80 % holds ${coverage} of the values`;
  return undefined;
}

await runTraining(help, { data: '../shared/data/time-series', epochs: '25' }, ({ data, registry }, epochs) =>
  main(data, registry, epochs),
);
