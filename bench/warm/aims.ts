import type { Footprint } from './footprint.js';
import type { Model } from './networks.js';
import { type Batch, type Ratios, ratiosOf, type WarmRow } from './summarise.js';

/** modelet's median on Node.js 24, of the other's, at most. */
export const aims: Readonly<
  Partial<Record<Model, Readonly<Partial<Record<Batch, Readonly<Record<keyof Ratios, number>>>>>>>
> = {
  digits: { 1: { vsTfjs: 0.3, vsOrt: 1 }, 64: { vsTfjs: 0.4, vsOrt: 1.2 } },
  mobilenet: { 1: { vsTfjs: 0.6, vsOrt: 1.9 } },
  lstm: { 1: { vsTfjs: 0.03, vsOrt: 1.3 } },
  gru: { 1: { vsTfjs: 0.03, vsOrt: 1.3 } },
};

export const footprintAims: Footprint = { rssOverEmpty: 30, zip: 1.5 };

export const peers: Readonly<Record<keyof Ratios, string>> = { vsTfjs: 'TF.js', vsOrt: '`onnxruntime-node`' };

/** What a network's time is spent on, and what would win it. */
const remedies: Readonly<Record<Model, string>> = {
  digits: 'its time is in three convolutions; the next step is tiles of the kernels that fit the processor better',
  mobilenet:
    'its time is in 1 × 1 convolutions, for which wasm has vectors of 128 bits and onnxruntime 256 and more; the next step is to ' +
    'compute an expansion and the depthwise convolution after it in bands of rows that stay in the cache',
  lstm: 'its time is in the product of the state with the recurrent kernel, step by step; the next step is to keep that kernel in registers longer',
  gru: 'a small network, of which most is the call itself: inputs checked and copied, outputs copied; the next step is fewer of those',
};

/** A line for each aim that is missed, and why. None where all are met. */
export function missedAims(rows: readonly WarmRow[]): string[] {
  return (Object.keys(aims) as Model[]).flatMap((model) =>
    (Object.entries(aims[model] ?? {}) as [string, Readonly<Record<keyof Ratios, number>>][]).flatMap(
      ([batch, limits]) => {
        const ratios = ratiosOf(rows, model, Number(batch));
        return (Object.keys(peers) as (keyof Ratios)[]).flatMap((peer) => {
          const ratio = ratios[peer];
          if (ratio === undefined || ratio <= limits[peer]) return [];
          const figures = `${written(ratio)} × where ${written(limits[peer])} × is the aim`;
          return [`- **${model}, batch ${batch}, against ${peers[peer]}**: ${figures}; ${remedies[model]}.`];
        });
      },
    ),
  );
}

/** Two digits that count. */
export const written = (ratio: number): string => (ratio < 0.1 ? ratio.toFixed(3) : ratio.toFixed(2));
