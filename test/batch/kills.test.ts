import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { createRandom } from '../../lib/core/random.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { bundleFunction } from '../../lib/serverless/bundle.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import { publishScaled } from '../support/tiny-model.js';
import { allKeys, wholeResult } from './whole-result.js';
import { writeCounts } from './write-counts.js';

const records = 1000;
const lines = Array.from({ length: records }, (_, i) => `[${i},1,2]\n`).join('');
/** Killed so many times each, the last time not at all. */
const roundsAnUpload = 4;
/** About what a run takes that nobody kills, ms. */
const longest = 300;

const counts: { where: string; kills: number; uploads: number }[] = [];
let folder: string;
let registry: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelet-kills-'));
  registry = join(folder, 'models');
  await publishScaled(createRegistry(await openStore(registry)));
  await bundleFunction({
    entry: fileURLToPath(new URL('batch-process.ts', import.meta.url)),
    outdir: join(folder, 'process'),
  });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  const rows = counts.map(({ where, kills, uploads }) => `| ${where} | ${kills} | ${uploads} |`);
  const total = counts.reduce((sum, { kills }) => sum + kills, 0);
  writeCounts('kills', [
    '| data store | kills | uploads |',
    '|---|---|---|',
    ...rows,
    `| **together** | **${total}** | |`,
  ]);
});

/** Starts a process on the key; resolves when it is about to begin. */
async function begin(location: string, key: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(folder, 'process/function.cjs'), registry, location, key], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = new Promise((resolve) => child.stdout?.once('data', resolve));
  await Promise.race([ready, ended(child)]);
  return child;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Uploads, each worked on by two processes at a time, both killed at random moments, until one is let live. */
async function killAtWork(data: ObjectStore, env: Record<string, string>, wanted: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  let kills = 0;
  let uploads = 0;
  for (; kills < wanted; uploads++) {
    const key = `night/${uploads}.jsonl`;
    await data.put(`inbox/tiny/${key}`, Buffer.from(lines));
    for (let round = 0; round < roundsAnUpload; round++) {
      const children = await Promise.all([begin(data.location, key, env), begin(data.location, key, env)]);
      await Promise.all(
        children.map(async (child) => {
          await Promise.race([sleep(random() * longest), ended(child)]);
          child.kill('SIGKILL');
          await ended(child);
          if (child.signalCode === 'SIGKILL') kills++;
        }),
      );
    }
    const last = await begin(data.location, key, env);
    await ended(last);
    expect(last.exitCode).toBe(0);
    const { rows, summary } = await wholeResult(data, 'tiny', key);
    expect(summary).toMatchObject({ state: 'done', records, ok: records });
    expect(rows.map(({ output }) => output.outputs.y)).toEqual(Array.from({ length: records }, (_, i) => [i, 1, 2]));
    expect(await allKeys(data, 'work/')).toEqual([]);
  }
  counts.push({ where: data.location.startsWith('s3:') ? 'S3 (versitygw)' : 'folder', kills, uploads });
}

describe('processes killed at work by SIGKILL', () => {
  test('on a folder: each record once in the one result', async () => {
    await killAtWork(await openStore(join(folder, 'data')), {}, 80, 1);
  });
});

describeWithS3('processes killed at work by SIGKILL', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket('data');
    Object.assign(process.env, server.env());
  });
  afterAll(() => server.stop());

  test('on S3: each record once in the one result', async () => {
    await killAtWork(await openStore('s3://data/batch'), server.env(), 30, 2);
  });
});
