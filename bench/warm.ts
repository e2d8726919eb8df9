import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Result } from './bench.js';
import { installJavaScriptParts } from './cold-start/install.js';
import { chart } from './warm/chart.js';
import type { EngineName } from './warm/engines.js';
import { type Footprint, measureFootprint } from './warm/footprint.js';
import { measure } from './warm/measure.js';
import { makeNetwork, models, type Network } from './warm/networks.js';
import { installNodes } from './warm/node-versions.js';
import { batches, headline, summarise, type WarmRow } from './warm/summarise.js';
import { table } from './warm/table.js';

/** The share of the run that goes into making the networks. */
const preparation = 0.1;

/**
 * How long a prediction takes once everything is compiled: a small and a middling convolutional network, and two recurrent ones,
 * beside what users would pick instead, each on one thread.
 */
export const warm: Bench = {
  name: 'warm',
  summary: 'predictions of warm networks, beside other runtimes',
  run: async (onProgress) => {
    const { tfjsNode } = installJavaScriptParts();
    const engines: EngineName[] = [
      'modelet',
      'layers',
      'graph',
      ...(tfjsNode ? ['tfjs-node' as const] : []),
      'onnxruntime',
    ];
    const nodes = installNodes();
    const footprint = await measureFootprint();
    const folder = mkdtempSync(join(tmpdir(), 'modelet-bench-'));
    try {
      const networks: Network[] = [];
      for (const model of models) networks.push(await makeNetwork(model, folder));
      const rows = summarise(
        await measure({
          ...{ nodes, networks, engines, batches },
          groups: 2,
          rounds: 4,
          onProgress: (share) => onProgress(preparation + (1 - preparation) * share),
        }),
      );
      return { headline: { ...headline(rows), footprint }, rows };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  table: (result) => table(warmRows(result), result.headline.footprint as Footprint),
  chart: (result) => chart(warmRows(result)),
};

/** Its rows are this benchmark's own; a stored result is read back as it was written. */
const warmRows = ({ rows }: Result): readonly WarmRow[] => rows as readonly WarmRow[];
