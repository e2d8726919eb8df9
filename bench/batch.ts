import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecords } from '../lib/batch/readers/read-records.js';
import { runBatch } from '../lib/batch/run-batch.js';
import { awsPrices } from '../lib/cli/aws-prices.js';
import { parseInstance } from '../lib/core/instance.js';
import type { Tensors } from '../lib/core/tensor.js';
import { startTimings } from '../lib/core/timings.js';
import { imageClassification } from '../lib/index.js';
import { fileStore } from '../lib/registry/stores/file-store.js';
import { openService } from '../lib/serve-model.js';
import type { Bench, Result } from './bench.js';
import { interleave } from './interleave.js';

const records = 2000;
const rounds = 21;
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const oneCpuMb = 1769;

/**
 * What a batch costs beside its work: drawn digits as PNGs in a JSONL upload, from the upload to the committed result, beside the
 * decoding of the same images and a loop of forward passes at the best batch size on what was decoded before.
 */
export const batch: Bench = {
  name: 'batch',
  summary: 'a batch of images against decoding and predicting alone',
  run: async (onProgress) => {
    process.env.POWERTOOLS_METRICS_DISABLED = 'true';
    process.env.MODELET_REGISTRY ??= './models';
    // One vCPU: no pass is computed on a thread beside the one that decodes.
    process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = String(oneCpuMb);
    const folder = mkdtempSync(join(tmpdir(), 'modelet-batch-'));
    const { service, telemetry } = await openService('digits', [imageClassification]);
    const manifest = await service.describe({ alias: 'production' });
    const timings = startTimings();
    const lines = readFileSync('examples/digits.jsonl', 'utf8').trimEnd().split('\n');
    const upload = Array.from({ length: records }, (_, index) => lines[index % lines.length] as string);
    writeFileSync(join(folder, 'upload.jsonl'), `${upload.join('\n')}\n`);
    const instances = upload.map((line) => parseInstance(JSON.parse(line).instance, 'instance'));
    const decode = async (): Promise<Tensors[]> => {
      const prepared: Tensors[] = [];
      for (const each of instances) prepared.push(await service.prepare(manifest, each, timings, 'instance'));
      return prepared;
    };
    const examples = await decode();
    const predictAll = async (size: number) => {
      for (let at = 0; at < records; at += size) {
        await service.predictPrepared(manifest, examples.slice(at, at + size), timings, size);
      }
    };

    let run = 0;
    const runUpload = async () => {
      const key = `${run++}.jsonl`;
      mkdirSync(join(folder, 'inbox/digits'), { recursive: true });
      copyFileSync(join(folder, 'upload.jsonl'), join(folder, 'inbox/digits', key));
      const data = fileStore(folder);
      const job = { service, data, read: readRecords, key, remainingMs: () => Infinity, log: telemetry.log };
      const outcome = await runBatch(job);
      if (outcome.state !== 'done' || outcome.summary.ok !== records) throw new Error('the batch went wrong');
    };

    try {
      const curve = await interleave(Object.fromEntries(sizes.map((size) => [String(size), () => predictAll(size)])), {
        rounds: 3,
        calls: 1,
        onRound: (done) => onProgress(done / 10),
      });
      const best = sizes.reduce((a, b) => ((curve[b]?.median ?? 0) < (curve[a]?.median ?? 0) ? b : a));
      const samples = await interleave(
        {
          'the batch, from upload to commit': runUpload,
          'decoding alone': decode,
          [`forward passes alone, ${best} at a time`]: () => predictAll(best),
        },
        { rounds, calls: 1, onRound: (done) => onProgress(0.3 + (0.7 * done) / rounds) },
      );
      const [whole = 0, decoding = 0, passes = 0] = Object.values(samples).map(({ median }) => median);
      const rate = (1000 * records) / whole;
      const headline = {
        throughput: (decoding + passes) / whole,
        recordsPerSecond: rate,
        dollarsPerMillion: dollars(rate),
        batchSize: best,
        pricesAsOf: awsPrices.asOf,
      };
      const rows = Object.entries(samples).map(([name, { median, min }]) => ({
        name,
        median: median / records,
        min: min / records,
        ratio: median / (decoding + passes),
      }));
      return { headline, rows };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  table: ({ rows, headline }: Result) => {
    const { throughput, recordsPerSecond, dollarsPerMillion, pricesAsOf } = headline as Record<string, number>;
    return [
      '| digits | ms a record | of decoding and passes |',
      '|---|---|---|',
      ...rows.map(({ name, median, ratio }) => `| ${name} | ${median.toFixed(3)} | ${ratio.toFixed(2)} × |`),
      '',
      `Throughput is ${throughput?.toFixed(2)} × that of the work alone (aim 0.90): ${Math.round(recordsPerSecond ?? 0)} records a second on ` +
        `one thread, which is one vCPU of Lambda, or $${dollarsPerMillion?.toFixed(2)} for a million records there (arm64, prices as of ` +
        `${pricesAsOf}, lib/cli/aws-prices.ts).`,
    ];
  },
};

/** For a million records: compute, and for each invocation of up to ten minutes its requests to Lambda, SQS and S3. */
function dollars(recordsPerSecond: number): number {
  const { lambdaGbSecond, lambdaRequest, s3Put, s3Get, sqsRequest } = awsPrices;
  const seconds = 1e6 / recordsPerSecond;
  const invocations = Math.ceil(seconds / 600);
  // A part every 20 s, written once and read once; start, results and summary.
  const parts = Math.ceil(seconds / 20) + 3;
  return (
    seconds * (oneCpuMb / 1024) * lambdaGbSecond +
    invocations * (lambdaRequest + 3 * sqsRequest) +
    parts * (s3Put + s3Get)
  );
}
