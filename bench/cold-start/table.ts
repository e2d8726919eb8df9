import { aims, missedAims } from './aims.js';
import { models } from './networks.js';
import { ratiosOf, type StartRow, stages } from './summarise.js';
import { names } from './variants.js';

/** The ratios with their aims, what misses them, and where the time goes. */
export function table(rows: readonly StartRow[]): readonly string[] {
  const missed = missedAims(rows);
  const absent = (Object.keys(names) as (keyof typeof names)[]).filter((name) =>
    rows.every(({ variant }) => variant !== name),
  );
  return [
    '| model | V8 code cache | of naive | of `onnxruntime-node` | over the floor: of naive | of `onnxruntime-node` |',
    '|---|---|---|---|---|---|',
    ...[false, true].flatMap((cached) => models.map((model) => ratioLine(rows, model, cached))),
    '',
    ...(missed.length === 0 ? ['Every aim is met.'] : missed),
    '',
    `Medians of ${rows[0]?.starts} starts in milliseconds, and where they go:`,
    ...models.flatMap((model) => ['', ...stageTable(rows.filter((row) => row.model === model))]),
    ...absent.flatMap((name) => ['', `${names[name]} did not install where this was measured.`]),
  ];
}

function ratioLine(rows: readonly StartRow[], model: (typeof models)[number], cached: boolean): string {
  const { vsNaive, vsOrt, vsNaiveOverFloor, vsOrtOverFloor } = ratiosOf(rows, model, cached);
  const times = (ratio: number, aim?: number): string =>
    `${ratio.toFixed(2)} ×${aim === undefined || cached ? '' : ` (aim ${aim.toFixed(2)})`}`;
  const { vsNaiveOverFloor: naiveAim, vsOrtOverFloor: ortAim } = aims[model];
  const cells = [times(vsNaive), times(vsOrt), times(vsNaiveOverFloor, naiveAim), times(vsOrtOverFloor, ortAim)];
  return `| ${[model, cached ? 'yes' : 'no', ...cells].join(' | ')} |`;
}

function stageTable(rows: readonly StartRow[]): string[] {
  return [
    `| ${rows[0]?.model} | code cache | in all | quickest | ${stages.join(' | ')} |`,
    `|---|---|---|---|${'---|'.repeat(stages.length)}`,
    ...rows.map(({ variant, cached, median, min, stages: of }) => {
      const parts = stages.map((stage) => of[stage]?.toFixed(0) ?? '');
      return `| ${[names[variant], cached ? 'yes' : 'no', median.toFixed(0), min.toFixed(0), ...parts].join(' | ')} |`;
    }),
  ];
}
