import { stackedBars } from '../stacked-bars.js';
import { type EngineName, names } from './engines.js';
import { models } from './networks.js';
import { judged, type WarmRow } from './summarise.js';

/** Times in per cent of TF.js': a longer bar is cut. */
const limit = 150;

/** The smallest and the largest; what is between is in the table. */
const shown = [1, 64];

/** Each engine's time, of TF.js' on the same network and batch. */
export function chart(rows: readonly WarmRow[]): string {
  const engines = Object.keys(names) as EngineName[];
  return stackedBars({
    title: `Time of a prediction, % of TF.js' on wasm (Node.js ${judged}, medians)`,
    unit: '%',
    legend: engines.map((engine) => names[engine].replaceAll('`', '')),
    groups: models.flatMap((model) =>
      shown.map((batch) => ({
        title: `${model}, batch ${batch}`,
        bars: rows
          .filter((row) => row.node === judged && row.model === model && row.batch === batch)
          // One part each, at its engine's place in the legend, which gives the colour.
          .map(({ engine, ratio }) => ({
            label: names[engine].replaceAll('`', ''),
            parts: engines.map((name) => (name === engine ? 100 * ratio : 0)),
          })),
      })),
    ),
    limit,
  });
}
