// A whole distributed batch but for Step Functions: its real payloads, processes in the functions' place of which some are killed
// and some get theirs twice, a real S3 server, and the merge.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { workFolder } from '../../lib/batch/paths.js';
import { createRandom } from '../../lib/core/random.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { bundleFunction } from '../../lib/serverless/bundle.js';
import { allKeys, wholeResult } from '../batch/whole-result.js';
import { deliver, startChunkWorker } from '../support/chunk-pool.js';
import { stepEvent, workEvents } from '../support/machine-events.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import { publishScaled } from '../support/tiny-model.js';

const records = 140_000; // of chunks of 1,000
const key = 'huge.jsonl';

describeWithS3('a distributed batch by processes', () => {
  let folder: string;
  let server: S3Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modelet-chunks-'));
    await publishScaled(createRegistry(await openStore(join(folder, 'models'))));
    const entry = fileURLToPath(new URL('../support/chunk-worker.ts', import.meta.url));
    await bundleFunction({ entry, outdir: join(folder, 'worker') });
    server = await startS3Server();
    await server.createBucket('data');
    Object.assign(process.env, server.env());
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test(`${records} records in 140 chunks, some killed, some delivered twice: each once, in order, and memory stays`, async () => {
    const data = await openStore('s3://data');
    const lines = Array.from({ length: records }, (_, index) => `[${index},1,2]\n`);
    await data.put(`inbox/tiny/${key}`, Buffer.from(lines.join('')));
    const upload = await data.stat(`inbox/tiny/${key}`);
    if (upload === undefined) throw new Error('the upload is gone');
    const input = {
      function: 'tiny-batch',
      key,
      upload: workFolder(upload).slice(0, -1),
      concurrency: 2,
      tolerated: 0,
    };
    const command = [join(folder, 'worker/function.cjs'), join(folder, 'models'), 's3://data'];
    const start = () => startChunkWorker(command, server.env());

    const first = await start();
    const planned = await first.run(stepEvent('Plan', input));
    expect(planned?.answer).toMatchObject({ chunks: 140 });
    const list = await data.get(planned?.answer?.list ?? '');
    const chunks = JSON.parse(Buffer.from(list?.body ?? []).toString());
    first.stop();

    const deliveries = await deliver(workEvents(input, chunks), start, {
      size: 2,
      random: createRandom(1),
      longestMs: 300,
    });
    expect(deliveries).toEqual({ events: 14, kills: 1, twice: 1 });

    const last = await start();
    const merged = await last.run(stepEvent('Merge', input));
    last.stop();
    expect(merged?.answer?.summary).toEqual({ state: 'done', records, failed: 0 });
    const { rows, summary } = await wholeResult(data, 'tiny', key);
    expect(rows.every(({ output }, index) => output.outputs.y[0] === index)).toBe(true);
    expect(summary).toMatchObject({ version: '1', ok: records });
    expect(await allKeys(data, 'work/')).toEqual([]);
    expect((merged?.mostMiB ?? Infinity) - last.idleMiB).toBeLessThan(150);
  });
});
