import { aims, footprintAims, missedAims, peers, written } from './aims.js';
import { type EngineName, names } from './engines.js';
import type { Footprint } from './footprint.js';
import { type Model, models } from './networks.js';
import { nodeVersions } from './node-versions.js';
import { type Batch, batches, judged, type Ratios, ratiosOf, type WarmRow } from './summarise.js';

/** The ratios with their aims, what misses them, and the times on each Node.js. */
export function table(rows: readonly WarmRow[], footprint: Footprint | undefined): readonly string[] {
  const missed = missedAims(rows);
  const absent = (Object.keys(names) as EngineName[]).filter((name) => rows.every(({ engine }) => engine !== name));
  return [
    `| network, on Node.js ${judged} | batch | of ${peers.vsTfjs} | of ${peers.vsOrt} |`,
    '|---|---|---|---|',
    ...models.flatMap((model) => batches.map((batch) => ratioLine(rows, model, batch))),
    '',
    ...footprintLines(footprint),
    ...(missed.length === 0 ? ['Every aim for time is met.'] : missed),
    '',
    'Medians in milliseconds, and the quickest:',
    ...nodeVersions.flatMap((node) => ['', ...timesTable(rows, node)]),
    ...absent.flatMap((name) => ['', `${names[name]} did not install where this was measured.`]),
  ];
}

const verdict = (value: number, aim: number): string => (value <= aim ? 'met' : 'missed');

function ratioLine(rows: readonly WarmRow[], model: Model, batch: Batch): string {
  const ratios = ratiosOf(rows, model, batch);
  const cell = (peer: keyof Ratios): string => {
    const [ratio, aim] = [ratios[peer], aims[model]?.[batch]?.[peer]];
    if (ratio === undefined) return 'not measured';
    return `${written(ratio)} ×${aim === undefined ? '' : ` (aim ${written(aim)}: ${verdict(ratio, aim)})`}`;
  };
  return `| ${[model, batch, cell('vsTfjs'), cell('vsOrt')].join(' | ')} |`;
}

function footprintLines(footprint: Footprint | undefined): string[] {
  if (footprint === undefined) return [];
  const line = (what: string, key: keyof Footprint): string =>
    `| ${what} | ${footprint[key].toFixed(1)} MB (aim ${footprintAims[key]} MB: ${verdict(footprint[key], footprintAims[key])}) |`;
  return [
    '| the function of digits | |',
    '|---|---|',
    line('memory at rest, over an empty handler', 'rssOverEmpty'),
    line('its zip', 'zip'),
    '',
  ];
}

function timesTable(rows: readonly WarmRow[], node: string): string[] {
  const own = rows.filter((row) => row.node === node);
  const engines = (Object.keys(names) as EngineName[]).filter((name) => own.some(({ engine }) => engine === name));
  if (own.length === 0) return [`Node.js ${node} was not measured.`];
  return [
    `| Node.js ${node} | batch | ${engines.map((engine) => names[engine]).join(' | ')} |`,
    `|---|---|${'---|'.repeat(engines.length)}`,
    ...models.flatMap((model) =>
      batches.map((batch) => {
        const times = engines.map((engine) => {
          const row = own.find((each) => each.model === model && each.batch === batch && each.engine === engine);
          return row === undefined ? '' : `${milliseconds(row.median)} (${milliseconds(row.min)})`;
        });
        return `| ${[model, batch, ...times].join(' | ')} |`;
      }),
    ),
  ];
}

const milliseconds = (ms: number): string => ms.toFixed(ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0);
