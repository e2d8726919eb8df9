import { readGolden } from '../lib/core/stored-tensor.js';
import { openVersion } from '../lib/registry/version-files.js';
import type { Bench, Result } from './bench.js';
import { chart } from './cold-start/chart.js';
import { installParts } from './cold-start/install.js';
import { type Measured, measureStarts } from './cold-start/measure-starts.js';
import { type Model, models } from './cold-start/networks.js';
import { questionOf } from './cold-start/question.js';
import { setStage } from './cold-start/stage.js';
import { headline, type StartRow, summarise } from './cold-start/summarise.js';
import { table } from './cold-start/table.js';
import { makeVariants, type Name, type Variant } from './cold-start/variants.js';

/** Starts of each variant. */
const rounds = 15;

/** The share of the run that goes into making what is started. */
const preparation = 0.1;

/** Those that are compared, and what they are compared over, also start with V8's code cache. */
const codeCache: readonly Name[] = ['idle', 'floor', 'modelet', 'naive', 'onnxruntime'];

/**
 * How long the first request waits where nothing runs yet: process start → first right answer, for a small and a middling
 * model, beside what users would pick instead, all on AWS's runtime client with the weights in an S3 server.
 */
export const coldStart: Bench = {
  name: 'cold-start',
  summary: 'process start to the first right answer, beside other runtimes',
  run: async (onProgress) => {
    const { tfjsNode, tensorflow } = installParts();
    const optional: Name[] = [
      ...(tfjsNode ? ['tfjs-node' as const] : []),
      ...(tensorflow ? ['tensorflow' as const] : []),
    ];
    const measured = await measureColdStarts([...codeCache, ...optional], { models, codeCache, rounds, onProgress });
    const rows = summarise(measured);
    return { headline: { ...headline(rows) }, rows };
  },
  table: (result) => table(startRows(result)),
  chart: (result) => chart(startRows(result)),
};

/** Its rows are this benchmark's own; a stored result is read back as it was written. */
const startRows = ({ rows }: Result): readonly StartRow[] => rows as readonly StartRow[];

/** Starts the variants of the models, in turns. */
export async function measureColdStarts(
  variants: readonly Name[],
  options: {
    readonly models: readonly Model[];
    readonly codeCache: readonly Name[];
    readonly rounds: number;
    readonly onProgress: (share: number) => void;
  },
): Promise<Measured[]> {
  const peers = variants.some((name) => name !== 'idle' && name !== 'floor' && name !== 'modelet');
  const stage = await setStage(options.models, peers ? { tensorflow: variants.includes('tensorflow') } : undefined);
  try {
    const made: Variant[] = [];
    options.onProgress(preparation / 2);
    for (const { model, manifest, registry } of stage.networks) {
      const golden = await readGolden(manifest, openVersion(registry.store, manifest));
      const question = questionOf(model, golden, model === 'mobilenet');
      made.push(...(await makeVariants({ model, question, stage }, variants, options)));
    }
    return await measureStarts(made, options.rounds, (share) =>
      options.onProgress(preparation + (1 - preparation) * share),
    );
  } finally {
    await stage.stop();
  }
}
