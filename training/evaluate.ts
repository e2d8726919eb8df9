// `npm run evaluate`: measures every model of models/ on its test data through its own Lambda handler on wasm, and holds it to its
// floors. Prints a table, or with --json one object; the exit code is 1 where a model is below a floor.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

type Figures = Readonly<Record<string, unknown>>;

interface Floor {
  readonly metric: string;
  /** From this to this, both allowed; a metric's name stands for what that metric is. */
  readonly least?: number | string;
  readonly most?: number | string;
}

const floors: Readonly<Record<string, readonly Floor[]>> = {
  digits: [{ metric: 'accuracy', least: 0.99 }],
  'spoken-digits': [{ metric: 'accuracy', least: 0.97 }],
  sentiment: [{ metric: 'accuracy', least: 0.75 }],
  forecast: [
    { metric: 'mase', most: 1 },
    { metric: 'mae', most: 'linearMae' },
    { metric: 'coverage', least: 0.75, most: 0.85 },
  ],
};

/** One process a model: TF.js has one engine a process, and a handler reads its registry's place once. */
function figuresOf(model: string): Figures {
  const script = fileURLToPath(new URL(`./evaluate-${model}.js`, import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${model} can't be measured, see above`);
  return JSON.parse(stdout) as Figures;
}

function check(figures: Figures, { metric, least, most }: Floor) {
  const numberOf = (bound: number | string) => (typeof bound === 'string' ? Number(figures[bound]) : bound);
  const named = (bound: number | string) => (typeof bound === 'string' ? `${bound} ${figures[bound]}` : String(bound));
  const value = Number(figures[metric]);
  const holds = (least === undefined || value >= numberOf(least)) && (most === undefined || value <= numberOf(most));
  const bounds = [least === undefined ? '' : `≥ ${named(least)}`, most === undefined ? '' : `≤ ${named(most)}`];
  return { metric, value, floor: bounds.filter((text) => text !== '').join(', '), holds };
}

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const measured = Object.entries(floors).map(([model, wanted]) => {
  const figures = figuresOf(model);
  return { model, figures, checks: wanted.map((floor) => check(figures, floor)) };
});
if (values.json === true) {
  console.log(JSON.stringify(Object.fromEntries(measured.map(({ model, ...rest }) => [model, rest]))));
} else {
  for (const { model, checks } of measured) {
    for (const { metric, value, floor, holds } of checks) {
      console.log(
        `${model.padEnd(14)} ${metric.padEnd(9)} ${value.toFixed(4)}  ${holds ? 'holds' : 'MISSES'} ${floor}`,
      );
    }
  }
}
process.exitCode = measured.every(({ checks }) => checks.every(({ holds }) => holds)) ? 0 : 1;
