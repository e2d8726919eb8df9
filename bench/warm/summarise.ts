import type { Row } from '../bench.js';
import type { EngineName } from './engines.js';
import type { Measured } from './measure.js';
import { type Model, models } from './networks.js';
import type { NodeVersion } from './node-versions.js';

/** Milliseconds a prediction; the ratio is to TF.js, by its graph or, for recurrent networks, its layers. */
export interface WarmRow extends Row {
  readonly node: NodeVersion;
  readonly model: Model;
  readonly batch: number;
  readonly engine: EngineName;
}

/** modelet's median of the other's; undefined where that could not be measured. */
export interface Ratios {
  readonly vsTfjs: number | undefined;
  readonly vsOrt: number | undefined;
}

export const batches = [1, 8, 64] as const;
export type Batch = (typeof batches)[number];

/** The Node.js that Lambda has, for which aims are set. */
export const judged: NodeVersion = '24';

export function summarise(measured: readonly Measured[]): WarmRow[] {
  const rows = measured.map(({ node, network: { model }, batch, engine, times }) => {
    const sorted = times.toSorted((a, b) => a - b);
    const [median, min] = [sorted[sorted.length >> 1] as number, sorted[0] as number];
    return { name: `${model}, batch ${batch}, ${engine}, Node.js ${node}`, node, model, batch, engine, median, min };
  });
  return rows.map((row) => {
    const others = rows.filter(
      ({ node, model, batch }) => node === row.node && model === row.model && batch === row.batch,
    );
    const yardstick =
      others.find(({ engine }) => engine === 'graph') ?? others.find(({ engine }) => engine === 'layers');
    return { ...row, ratio: row.median / (yardstick?.median ?? Number.NaN) };
  });
}

/** Of the medians on that Node.js. */
export function ratiosOf(rows: readonly WarmRow[], model: Model, batch: number, node = judged): Ratios {
  const of = (engine: EngineName): number | undefined =>
    rows.find((row) => row.node === node && row.model === model && row.batch === batch && row.engine === engine)
      ?.median;
  const ours = of('modelet');
  const over = (other: number | undefined) => (ours === undefined || other === undefined ? undefined : ours / other);
  return { vsTfjs: over(of('graph') ?? of('layers')), vsOrt: over(of('onnxruntime')) };
}

export function headline(rows: readonly WarmRow[]): Readonly<Record<Model, Readonly<Record<string, Ratios>>>> {
  const ofModel = (model: Model) =>
    Object.fromEntries(batches.map((batch) => [`b${batch}`, ratiosOf(rows, model, batch)]));
  return Object.fromEntries(models.map((model) => [model, ofModel(model)])) as ReturnType<typeof headline>;
}
