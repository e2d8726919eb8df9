import type { Model } from './networks.js';
import { type Ratios, ratiosOf, type StageName, type StartRow } from './summarise.js';
import { type Name, names } from './variants.js';

/** What is aimed at without a code cache: modelet's time over the floor, of the other's. */
export const aims: Readonly<Record<Model, Readonly<Pick<Ratios, 'vsNaiveOverFloor' | 'vsOrtOverFloor'>>>> = {
  digits: { vsNaiveOverFloor: 0.4, vsOrtOverFloor: 0.3 },
  mobilenet: { vsNaiveOverFloor: 0.45, vsOrtOverFloor: 1.2 },
};

/** What would make a stage shorter. */
const remedies: Readonly<Record<StageName, string>> = {
  boot: 'nothing that a function does',
  code: 'less code before the first request, which the code cache shows',
  runtime: 'an engine that starts beside the reads, or a smaller one',
  manifest: 'one round trip less: alias and manifest are read one after the other',
  weights: 'fewer bytes (float16), or a hash that keeps up with the network',
  model: 'a graph that is prepared when it is published',
  predict: 'one prediction instead of two (the golden check, then the answer), and quicker kernels',
  rest: 'the request on its way through the function, between the stages',
};

/** A line for each aim that is missed: by how much, which stage costs it, and what would win it. None where all are met. */
export function missedAims(rows: readonly StartRow[]): string[] {
  return (Object.keys(aims) as Model[]).flatMap((model) => {
    const ratios = ratiosOf(rows, model, false);
    const against = [
      ['vsNaiveOverFloor', 'naive'],
      ['vsOrtOverFloor', 'onnxruntime'],
    ] as const;
    return against
      .filter(([key]) => !(ratios[key] <= aims[model][key]))
      .map(([key, peer]) => missed(rows, model, peer, ratios[key], aims[model][key]));
  });
}

function missed(rows: readonly StartRow[], model: Model, peer: Name, ratio: number, aim: number): string {
  const of = (variant: Name): StartRow => {
    const row = rows.find((one) => one.model === model && one.variant === variant && !one.cached);
    if (row === undefined) throw new Error(`the results have no ${variant} of ${model}`);
    return row;
  };
  const [ours, floor, other] = [of('modelet'), of('floor'), of(peer)];
  const over = ours.median - floor.median;
  const allowed = aim * (other.median - floor.median);
  const costs = (Object.entries(ours.stages) as [StageName, number][])
    .map(([stage, ms]) => ({ stage, ms: ms - (floor.stages[stage] ?? 0) }))
    .filter(({ ms }) => ms >= 1)
    .sort((a, b) => b.ms - a.ms);
  const told = costs.map(({ stage, ms }) => `${stage} ${ms.toFixed(0)}`).join(', ');
  const [largest] = costs;
  const remedy = largest === undefined ? '' : ` The first to shorten is ${largest.stage}: ${remedies[largest.stage]}.`;
  return (
    `- **${model} against ${names[peer]}**: ${ratio.toFixed(2)} × over the floor where ${aim.toFixed(2)} × is the aim. modelet takes ` +
    `${over.toFixed(0)} ms over the floor (${told}), ${(over - allowed).toFixed(0)} ms more than the aim allows.${remedy}`
  );
}
