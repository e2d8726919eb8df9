import { join, resolve } from 'node:path';
import { readRecords } from '../batch/readers/read-records.js';
import { runBatch } from '../batch/run-batch.js';
import type { Summary } from '../batch/summary.js';
import { fileStoreError } from '../registry/stores/file-errors.js';
import { fileStore } from '../registry/stores/file-store.js';
import { type BatchFiles, gatherFiles, placeFiles, takenAway, takeResults } from './batch-files.js';
import { builtInTasks } from './built-in-tasks.js';
import { checkWhole, tellSummary } from './tell-summary.js';
import type { Verb, VerbCall } from './verb.js';

export const batch: Verb = {
  name: 'batch',
  usage: 'modelet batch MODEL FILE… --out DIR | s3://… --distributed',
  summary: 'answers for every record of files: images, sounds, .jsonl, .csv, .json, .txt, .zip, .tar, also .gz',
  needs: ['MODEL', 'FILE…'],
  requires: ['out'],
  requiresUnless: 'distributed',
  options: {
    out: { type: 'string' },
    distributed: { type: 'boolean' },
    stage: { type: 'string' },
    concurrency: { type: 'string' },
    tolerate: { type: 'string' },
    cancel: { type: 'boolean' },
  },
  help: [
    '  --out DIR                          results.jsonl and summary.json of each file go to DIR/<file name>/; those of images and',
    '                                     sounds together to DIR/files/, a row each. Broken off, the same command goes on',
    '  --distributed                      one upload, s3://BUCKET/inbox/MODEL/…, on many functions of a deployment at the same time',
    '  --stage NAME                       of the deployment (default dev); the service is that of ./serverless.yml',
    '  --concurrency N                    functions at the same time (default 100)',
    '  --tolerate PERCENT                 of the invocations that may fail at every try (default 0)',
    '  --cancel                           stop the job of this upload instead',
  ],
  run: async (call) => {
    if (call.values.distributed === true) return (await import('./distributed.js')).runDistributed(call);
    const { positionals, values, print, progress, registry } = call;
    const [model = '', ...paths] = positionals;
    const out = resolve(values.out as string);
    const inputs = await gatherFiles(paths);
    process.env.MODELET_REGISTRY = registry.store.location;
    process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';
    process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
    const { localModels } = await import('../dev/local-models.js');
    const models = await localModels(resolve('dist/functions'), registry, builtInTasks);
    const { service, telemetry } = await models.openService(model);
    await service.describe({ alias: 'production' });

    const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
    const bar = progress(model, Math.max(total, 1));
    const summaries: Summary[] = [];
    let before = 0;
    const resultOf = async (input: BatchFiles): Promise<Summary> => {
      const folder = join(out, '.modelet');
      await placeFiles(folder, model, input);
      const outcome = await runBatch({
        service,
        data: fileStore(folder),
        read: readRecords,
        key: input.key,
        remainingMs: () => Infinity,
        log: telemetry.log,
        onProgress: ({ bytes, totalBytes }) => bar.update(before + (input.bytes * bytes) / Math.max(totalBytes, 1)),
      });
      if (outcome.state === 'unfinished') throw new Error('a run without a deadline can only end');
      if (outcome.summary.code === 'NOT_FOUND') throw takenAway(input.name);
      await takeResults(folder, model, input, join(out, input.name));
      return outcome.summary;
    };
    try {
      for (const input of inputs) {
        const summary = await resultOf(input).catch((error: unknown) => {
          throw fileStoreError(out, 'write', input.name, error);
        });
        summaries.push(summary);
        before += input.bytes;
      }
    } finally {
      bar.stop();
    }
    report(inputs, summaries, values.out as string, print);
  },
};

function report(
  inputs: readonly BatchFiles[],
  summaries: readonly Summary[],
  out: string,
  print: VerbCall['print'],
): void {
  const results = summaries.map((summary, index) => ({ folder: join(out, inputs[index]?.name ?? ''), ...summary }));
  print(results.map(({ folder, ...summary }) => tellSummary(folder, summary)).join('\n'), { results });
  for (const summary of summaries) checkWhole(summary.input.key, summary);
}
