// Steps of a distributed batch in Lambda's own runtime: the bundled function tells them from other events, and what it throws
// has the name by which the state machine chooses.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { workFolder } from '../../lib/batch/paths.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { bundleFunction } from '../../lib/serverless/bundle.js';
import { wholeResult } from '../batch/whole-result.js';
import { type Lambda, lambdaClientInstalled, startLambda } from '../support/lambda-runtime.js';
import { stepEvent, workEvents } from '../support/machine-events.js';
import { requirePart } from '../support/requires.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';

const needs = [describeWithS3, requirePart('aws-lambda-ric', lambdaClientInstalled, 'npm run lambda-client')];
const describeBoth = needs.includes(describe.skip) ? describe.skip : describe;

describeBoth("steps of a distributed batch in Lambda's runtime", () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-steps-'));
  let server: S3Server;
  let data: ObjectStore;
  let lambda: Lambda;

  beforeAll(async () => {
    server = await startS3Server();
    for (const bucket of ['models', 'data']) await server.createBucket(bucket);
    Object.assign(process.env, server.env());
    const target = createRegistry(await openStore('s3://models/registry'));
    const source = createRegistry(fileStore('models'));
    await pushVersion(source, target, { model: 'digits', version: '1', alias: 'production' });
    data = await openStore('s3://data');
    await bundleFunction({ entry: 'functions/digits.ts', outdir: folder });
    const env = { MODELET_REGISTRY: 's3://models/registry', MODELET_DATA: 's3://data', ...server.env() };
    lambda = await startLambda({ directory: folder, handler: 'index.handler', env });
  });
  afterAll(async () => {
    await lambda?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  test('plan, work and merge; a replaced upload is final', async () => {
    const key = 'night/zeros.jsonl';
    const line = `${JSON.stringify(Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0])))}\n`;
    await data.put(`inbox/digits/${key}`, Buffer.from(line.repeat(20)));
    const info = await data.stat(`inbox/digits/${key}`);
    if (info === undefined) throw new Error('the upload is gone');
    const upload = workFolder(info).slice(0, -1);
    const input = { function: 'digits-batch', key, upload, concurrency: 1, tolerated: 0 };
    const { list } = (await lambda.invoke(stepEvent('Plan', input))) as { list: string };
    const chunks = JSON.parse(Buffer.from((await data.get(list))?.body ?? []).toString());
    for (const event of workEvents(input, chunks)) expect(await lambda.invoke(event)).toEqual({ done: true });
    const merged = await lambda.invoke(stepEvent('Merge', input));
    expect(merged).toEqual({ summary: { state: 'done', records: 20, failed: 0 } });
    expect((await wholeResult(data, 'digits', key)).rows).toHaveLength(20);

    await data.put(`inbox/digits/${key}`, Buffer.from(line));
    await expect(lambda.invoke(stepEvent('Plan', input))).rejects.toMatchObject({
      errorType: 'Final',
      message: expect.stringMatching(/^INPUT_CHANGED: /),
    });
    expect(lambda.starts()).toBe(1);
  });
});
