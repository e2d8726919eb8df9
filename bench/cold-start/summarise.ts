import type { Row } from '../bench.js';
import type { Measured } from './measure-starts.js';
import { type Model, models } from './networks.js';
import { type Name, names } from './variants.js';

/**
 * Where the time of a cold start goes, in order. `boot` is what an empty handler takes until it asks for the first event, `code`
 * what the function's own code takes over that; the others are told by the function, and `rest` is what nobody tells:
 * the event's way in, the answer's way out, and waiting.
 */
export const stages = ['boot', 'code', 'runtime', 'manifest', 'weights', 'model', 'predict', 'rest'] as const;
export type StageName = (typeof stages)[number];

export interface StartRow extends Row {
  readonly model: Model;
  readonly variant: Name;
  readonly cached: boolean;
  readonly starts: number;
  /** Medians, ms; they add up to the median of the whole. */
  readonly stages: Readonly<Partial<Record<StageName, number>>>;
}

/** How modelet's median stands to another's, and what each takes over the floor. */
export interface Ratios {
  readonly vsNaive: number;
  readonly vsOrt: number;
  readonly vsNaiveOverFloor: number;
  readonly vsOrtOverFloor: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

export function summarise(measured: readonly Measured[]): StartRow[] {
  const find = (name: Name, { model, cached }: Pick<Measured, 'model' | 'cached'>) =>
    measured.find((one) => one.name === name && one.model === model && one.cached === cached);
  return measured.map((one) => {
    const totals = one.starts.map(({ total }) => total);
    const total = median(totals);
    const floor = find('floor', one)?.starts.map((start) => start.total) ?? totals;
    const idle = find('idle', one)?.starts.map(({ init = 0 }) => init) ?? [];
    return {
      name: `${one.model}: ${names[one.name]}${one.cached ? ', code cache' : ''}`,
      model: one.model,
      variant: one.name,
      cached: one.cached,
      starts: totals.length,
      median: total,
      min: Math.min(...totals),
      ratio: total / median(floor),
      stages: breakdown(one, total, median(idle)),
    };
  });
}

function breakdown({ name, starts }: Measured, total: number, boot: number): StartRow['stages'] {
  const told = starts.map((start) => (name === 'modelet' ? oneAfterTheOther(start.stages) : start.stages));
  const of = (stage: string) => median(told.map((one) => one.get(stage) ?? 0));
  const inits = starts.flatMap(({ init }) => init ?? []);
  const init = inits.length === 0 ? of('code') : median(inits);
  const known: Partial<Record<StageName, number>> = {};
  if (inits.length > 0) known.boot = Math.min(boot, init);
  known.code = init - (known.boot ?? 0);
  for (const stage of ['runtime', 'manifest', 'weights', 'model', 'predict'] as const) {
    if (of(stage) > 0) known[stage] = of(stage);
  }
  const sum = Object.values(known).reduce((all, ms) => all + ms, 0);
  if (sum <= total) return { ...known, rest: total - sum };
  // Medians of parts may be a little more than the median of the whole.
  return Object.fromEntries(Object.entries(known).map(([stage, ms]) => [stage, (ms * total) / sum]));
}

/**
 * The stages that modelet tells, as if nothing went on at the same time: its runtime starts while the manifest and then the
 * weights are read, and what it takes is taken from theirs, and then from what waits for it. It predicts twice, the golden
 * input and then the caller's.
 */
function oneAfterTheOther(stages: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const result = new Map(stages);
  let hidden = stages.get('runtime') ?? 0;
  for (const stage of ['manifest', 'weights', 'model']) {
    const ms = stages.get(stage) ?? 0;
    result.set(stage, Math.max(0, ms - hidden));
    hidden = Math.max(0, hidden - ms);
  }
  return result.set('predict', (stages.get('predict') ?? 0) + (stages.get('infer') ?? 0));
}

/** The ratios of one model, with or without the code cache. */
export function ratiosOf(rows: readonly StartRow[], model: Model, cached: boolean): Ratios {
  const of = (variant: Name): number =>
    rows.find((row) => row.variant === variant && row.model === model && row.cached === cached)?.median ?? Number.NaN;
  const [ours, floor, naive, ort] = [of('modelet'), of('floor'), of('naive'), of('onnxruntime')];
  return {
    vsNaive: ours / naive,
    vsOrt: ours / ort,
    vsNaiveOverFloor: (ours - floor) / (naive - floor),
    vsOrtOverFloor: (ours - floor) / (ort - floor),
  };
}

/** Without the code cache. */
export function headline(rows: readonly StartRow[]): Readonly<Record<Model, Ratios>> {
  return Object.fromEntries(models.map((model) => [model, ratiosOf(rows, model, false)])) as Record<Model, Ratios>;
}
