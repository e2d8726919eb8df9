import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { addPart, findStart, startChain } from '../lib/batch/chain.js';
import { workFolder } from '../lib/batch/paths.js';
import { awsPrices } from '../lib/cli/aws-prices.js';
import { distributedDollars } from '../lib/cli/distributed-cost.js';
import type { ObjectStore } from '../lib/core/object-store.js';
import { createRandom } from '../lib/core/random.js';
import { chunkChain } from '../lib/distributed/chunk.js';
import { writePlan } from '../lib/distributed/plan.js';
import { createRegistry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import { deliver, startChunkWorker } from '../test/support/chunk-pool.js';
import { stepEvent, workEvents } from '../test/support/machine-events.js';
import { publishScaled } from '../test/support/tiny-model.js';
import { startS3Server } from '../test/support/versitygw.js';
import type { Bench, Result } from './bench.js';

const records = 1_000_000;
const key = 'huge.jsonl';
/** Functions at the same time, in the table of costs. */
const concurrency = 100;

interface Headline {
  readonly records: number;
  readonly chunks: number;
  readonly kills: number;
  readonly twice: number;
  readonly planSeconds: number;
  readonly mergeSeconds: number;
  readonly mergeMiB: number;
  readonly resultMiB: number;
  /** Of a result of as many MiB as there are chunks. */
  readonly largeSeconds: number;
  readonly largeMiB: number;
}

/**
 * A million records in chunks, without Step Functions: the payloads of its map to processes in the functions' place, some of which
 * are killed and some of which get theirs twice, on a real S3 server; then the merge, and a look at each row.
 */
export const distributed: Bench = {
  name: 'distributed',
  summary: 'a million records in chunks, some killed or delivered twice, merged',
  run: async (onProgress) => {
    const folder = mkdtempSync(join(tmpdir(), 'modelet-distributed-'));
    const server = await startS3Server();
    try {
      await publishScaled(createRegistry(await openStore(join(folder, 'models'))));
      await server.createBucket('data');
      Object.assign(process.env, server.env());
      const data = await openStore('s3://data');
      const lines = Array.from({ length: records }, (_, index) => `[${index % 1000},1,2]\n`);
      await data.put(`inbox/tiny/${key}`, Buffer.from(lines.join('')));
      const upload = await data.stat(`inbox/tiny/${key}`);
      if (upload === undefined) throw new Error('the upload is gone');
      const id = workFolder(upload).slice(0, -1);
      const input = { function: 'tiny-batch', key, upload: id, concurrency: 2, tolerated: 0 };
      const script = fileURLToPath(new URL('../test/support/chunk-worker.js', import.meta.url));
      const start = () => startChunkWorker([script, join(folder, 'models'), 's3://data'], server.env());
      const alone = async (event: unknown) => {
        const worker = await start();
        const since = performance.now();
        const said = await worker.run(event);
        worker.stop();
        if (said?.answer === undefined) throw new Error(said?.error ?? 'a worker ended');
        return { ms: performance.now() - since, answer: said.answer, overMiB: said.mostMiB - worker.idleMiB };
      };

      const planned = await alone(stepEvent('Plan', input));
      const list = await data.get(planned.answer.list ?? '');
      const chunks = JSON.parse(Buffer.from(list?.body ?? []).toString());
      const events = workEvents(input, chunks);
      let done = 0;
      const since = performance.now();
      const { kills, twice } = await deliver(events, start, {
        size: 2,
        random: createRandom(1),
        longestMs: 500,
        onDone: () => onProgress((0.9 * done++) / events.length),
      });
      const workMs = performance.now() - since;
      const merged = await alone(stepEvent('Merge', input));
      await checkRows(data);
      const result = await data.stat(`outbox/tiny/${key}/results.jsonl`);
      const large = await alone(stepEvent('Merge', await layLargeParts(data, chunks.length)));
      const headline: Headline = {
        records,
        chunks: chunks.length,
        kills,
        twice,
        planSeconds: planned.ms / 1000,
        mergeSeconds: merged.ms / 1000,
        mergeMiB: merged.overMiB,
        resultMiB: (result?.bytes ?? 0) / 2 ** 20,
        largeSeconds: large.ms / 1000,
        largeMiB: large.overMiB,
      };
      const whole = planned.ms + workMs + merged.ms;
      const row = (name: string, ms: number) => ({ name, median: ms, min: ms, ratio: ms / whole });
      return {
        headline: { ...headline },
        rows: [
          row('plan: one pass over the upload', planned.ms),
          row('work: two processes', workMs),
          row('merge, and sweep', merged.ms),
        ],
      };
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true });
    }
  },
  table: ({ rows, headline }: Result) => {
    const { chunks, kills, twice, mergeMiB, resultMiB, largeMiB, largeSeconds } = headline as unknown as Headline;
    return [
      `| ${records.toLocaleString('en')} records in ${chunks.toLocaleString('en')} chunks | seconds |`,
      '|---|---|',
      ...rows.map(({ name, median }) => `| ${name} | ${(median / 1000).toFixed(1)} |`),
      '',
      `${kills} invocations were killed at work and came again, ${twice} came twice at the same time; each record has its one row, in ` +
        `order. The merge took ${mergeMiB.toFixed(0)} MiB over the idle process for a result of ${resultMiB.toFixed(0)} MiB; another, of ` +
        `${chunks.toLocaleString('en')} MiB in as many chunks, took ${largeMiB.toFixed(0)} MiB and ${largeSeconds.toFixed(0)} s.`,
      '',
      `What a million records take and cost, by what one function does of them: worked out from the plan and the merge above, ` +
        `${startSeconds} s for the start of a function, and prices as of ${awsPrices.asOf} (lib/cli/aws-prices.ts); Step Functions' own ` +
        `seconds are not in it. It pays in time from the records in the last column on; it is never cheaper.`,
      '',
      `| records a second, one function | plain batch | | distributed, ${concurrency} at a time | | even at |`,
      '|---|---|---|---|---|---|',
      ...[10, 100, 1000, 10_000].map((rate) => costRow(rate, headline as unknown as Headline)),
    ];
  },
};

/** A job whose chunks are done, each a row of 1 MiB: what the merge holds must not grow with it. */
async function layLargeParts(data: ObjectStore, count: number) {
  const large = 'large.jsonl';
  await data.put(`inbox/tiny/${large}`, Buffer.from('[0,1,2]\n'.repeat(count)));
  const upload = await data.stat(`inbox/tiny/${large}`);
  if (upload === undefined) throw new Error('the upload is gone');
  const id = workFolder(upload).slice(0, -1);
  await startChain(data, `work/tiny/${large}/${id}/`, '1');
  const { start } = await findStart(data, `work/tiny/${large}/${id}/`);
  if (start === undefined) throw new Error('the start is gone');
  const chunks = Array.from({ length: count }, (_, index) => ({ number: index, start: { index }, end: index + 1 }));
  for (const chunk of chunks) {
    const row = Buffer.from(`${JSON.stringify({ index: chunk.number, output: 'x'.repeat(2 ** 20) })}\n`);
    const head = {
      next: { index: chunk.end },
      last: true,
      ok: 1,
      failed: 0,
      codes: {},
      bytes: row.length,
      by: ['bench'],
    };
    await addPart(data, chunkChain(start, chunk), head, row);
  }
  await writePlan(data, start, { chunks });
  return { function: 'tiny-batch', key: large, upload: id, concurrency: 2, tolerated: 0 };
}

/** Every row that the one result should have, and no other. */
async function checkRows(data: ObjectStore): Promise<void> {
  const found = await data.read(`outbox/tiny/${key}/results.jsonl`);
  if (found === undefined || found === 'changed') throw new Error('there is no result');
  let next = 0;
  for await (const line of createInterface({ input: Readable.from(found.body) })) {
    const { index, output } = JSON.parse(line) as { index: number; output: { outputs: { y: number[] } } };
    if (index !== next || output.outputs.y[0] !== index % 1000)
      throw new Error(`row ${next} is not that of its record`);
    next++;
  }
  if (next !== records) throw new Error(`there are ${next} rows`);
}

/** Seconds that a function needs to start; the first of each is a cold start. */
const startSeconds = 2;

function costRow(rate: number, { chunks, planSeconds, mergeSeconds }: Headline): string {
  const workSeconds = records / rate;
  // What is done once, by one function: the rest is shared.
  const once = planSeconds + mergeSeconds + 3 * startSeconds;
  const plain = distributedDollars({ functionSeconds: workSeconds, invocations: 0, chunks: 0 });
  const many = distributedDollars({
    functionSeconds: workSeconds + planSeconds + mergeSeconds + concurrency * startSeconds,
    invocations: chunks / 10,
    chunks,
  });
  const spent = (seconds: number) => (seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`);
  const perRecord = 1 / rate - 1 / rate / concurrency - (planSeconds + mergeSeconds) / records;
  const even = perRecord > 0 ? `${Math.ceil((3 * startSeconds) / perRecord).toLocaleString('en')} records` : 'never';
  return (
    `| ${rate.toLocaleString('en')} | ${spent(workSeconds)} | $${plain.toFixed(2)} | ` +
    `${spent(workSeconds / concurrency + once)} | $${many.toFixed(2)} | ${even} |`
  );
}
