import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { zipSync } from 'fflate';
import { createChunkHandler } from '../../lib/aws/chunk-handler.js';
import { workFolder } from '../../lib/batch/paths.js';
import { readRecords } from '../../lib/batch/readers/read-records.js';
import { runBatch } from '../../lib/batch/run-batch.js';
import type { Engine } from '../../lib/core/engine.js';
import type { Log } from '../../lib/core/log.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import type { Chunk } from '../../lib/distributed/chunk.js';
import { type DistributedJob, isDistributed } from '../../lib/distributed/distributed-job.js';
import { planChunks } from '../../lib/distributed/plan-chunks.js';
import { workOnChunks } from '../../lib/distributed/work-on-chunks.js';
import { imageClassification, tensor } from '../../lib/index.js';
import { createRegistry, type Registry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { createService, type Service } from '../../lib/service.js';
import { allKeys, wholeResult } from '../batch/whole-result.js';
import { openEngine } from '../support/engine.js';
import { memoryStore } from '../support/memory-store.js';
import { publishScaled } from '../support/tiny-model.js';

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
const small = { records: 10, bytes: 1e9 };

let engine: Engine;
let versions: ObjectStore;
let registry: Registry;
let service: Service;
let data: ObjectStore;
beforeAll(async () => {
  engine = await openEngine('wasm');
});
beforeEach(async () => {
  versions = memoryStore();
  registry = createRegistry(versions);
  await publishScaled(registry);
  data = memoryStore();
  service = newService();
});

const newService = () =>
  createService({ model: 'tiny', registry, engine, tasks: [tensor], log: quiet, budget: 2 ** 30, lookEveryMs: 0 });

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `[${index},1,2]`);

async function upload(key: string, content: string | Uint8Array, model = 'tiny'): Promise<DistributedJob> {
  await data.put(`inbox/${model}/${key}`, Buffer.from(content));
  const info = await data.stat(`inbox/${model}/${key}`);
  if (info === undefined) throw new Error('the upload is gone');
  return { service, data, key, upload: workFolder(info).slice(0, -1), remainingMs: () => 900_000, log: quiet };
}

/** A step, as the state machine asks for it. */
const step = ({ key, upload: id }: DistributedJob, fields: object, by = service) =>
  createChunkHandler(by, data, quiet)({ distributed: { key, upload: id, ...fields } }, () => 900_000);
const merge = (job: DistributedJob, tolerated = true) => step(job, { step: 'merge', tolerated });

async function plan(job: DistributedJob, limits = small): Promise<Chunk[]> {
  const outcome = await planChunks(job, limits);
  const list = 'list' in outcome ? await data.get(outcome.list) : undefined;
  return JSON.parse(Buffer.from(list?.body ?? []).toString());
}

/** The rows that plain batch gives to the same bytes. */
async function plainRows(key: string): Promise<readonly unknown[]> {
  const other = memoryStore();
  await other.put(`inbox/tiny/${key}`, (await data.get(`inbox/tiny/${key}`))?.body ?? Buffer.alloc(0));
  await runBatch({ service, data: other, read: readRecords, key, remainingMs: () => 900_000, log: quiet });
  return (await wholeResult(other, 'tiny', key)).rows;
}

const array = (lines: readonly string[]) => `[${lines.join(' ,\n')}]`;
const bad = numbers(95).map((line, index) => (index % 7 === 0 ? `{"id":"x","instance":"${index}"}` : line));

describe('the same rows as plain batch, whoever works on which chunk and when', () => {
  test.each<[string, string]>([
    ['a.jsonl', `\uFEFF${numbers(95).join('\r\n\r\n')}`],
    ['bad.ndjson', `${bad.join('\n')}\n`],
    ['a.json', array(bad)],
    [
      'a.csv',
      `id;a;b;c\n${numbers(95)
        .map((_, index) => `"${index}\n";${index};${index === 12 ? '"' : 1};2`)
        .join('\n')}`,
    ],
    ['cut.json', array(bad).slice(0, 900)],
    ['empty.jsonl', ''],
    ['notes.jpg', 'not a kind that the model takes'],
  ])('%s', async (key, text) => {
    const job = await upload(key, text);
    const chunks = await plan(job);
    for (const [index, chunk] of [...chunks.entries()].reverse()) {
      const event = { step: 'work', chunks: [chunk] };
      const twice = index % 3 === 0 ? [event, event] : [event];
      await Promise.all(twice.map((each) => step(job, each, newService())));
    }
    await merge(job);
    const { rows, summary } = await wholeResult(data, 'tiny', key);
    expect(rows).toEqual(await plainRows(key));
    expect(chunks.length).toBe(Math.ceil(rows.length / small.records));
    expect(summary.state).toBe(['cut.json', 'notes.jpg'].includes(key) ? 'failed' : 'done');
    expect(await allKeys(data, 'work/')).toEqual([]);
    // Late: nobody is harmed.
    expect(await step(job, { step: 'work', chunks })).toEqual({ done: true });
    expect(await step(job, { step: 'plan' })).toEqual({ done: true });
    expect(await merge(job)).toMatchObject({ summary: { records: rows.length } });
  });
});

test('the files of a zip, in the order of the archive', async () => {
  const seven = new Uint8Array(readFileSync('examples/7.png'));
  const names = Array.from({ length: 25 }, (_, index) => `${(index * 7) % 25}.png`);
  const zip = zipSync(Object.fromEntries(names.map((name) => [name, name === '14.png' ? seven.subarray(9) : seven])));
  registry = createRegistry(fileStore('models'));
  service = createService({
    model: 'digits',
    registry,
    engine,
    tasks: [imageClassification],
    log: quiet,
    budget: 2 ** 30,
    lookEveryMs: 1e9,
  });
  const job = await upload('night/a.zip', Buffer.from(zip), 'digits');
  const chunks = await plan(job);
  expect(chunks).toHaveLength(3);
  for (const chunk of chunks) await step(job, { step: 'work', chunks: [chunk] });
  expect(await merge(job)).toEqual({ summary: { state: 'done', records: 25, failed: 1 } });
  const { rows } = await wholeResult(data, 'digits', 'night/a.zip');
  expect(rows.map(({ id, output }) => [id, output?.label])).toEqual(
    names.map((name) => [name, name === '14.png' ? undefined : '7']),
  );
});

test('a plan, and the work on a chunk, go on where time was up', async () => {
  const job = await upload('long.jsonl', numbers(100).join('\n'));
  /** Time is up at the second look. */
  const short = (): DistributedJob => {
    let looks = 0;
    return { ...job, remainingMs: () => (looks++ === 0 ? 900_000 : 0) };
  };
  const states: string[] = [];
  do states.push((await planChunks(short(), small)).state);
  while (states.at(-1) === 'unfinished');
  expect(states.length).toBeGreaterThan(5);
  const chunks = await plan(job);
  expect(chunks.map(({ start, end }) => [start.index, end])).toEqual(
    Array.from({ length: 10 }, (_, index) => [index * 10, (index + 1) * 10]),
  );
  const worked: string[] = [];
  do worked.push((await workOnChunks(short(), chunks, { bytes: 1, ms: 1e9 })).state);
  while (worked.at(-1) === 'unfinished');
  expect(worked.length).toBeGreaterThan(5);
  await merge(job);
  expect((await wholeResult(data, 'tiny', 'long.jsonl')).summary).toMatchObject({ records: 100, state: 'done' });
});

describe('the version is pinned', () => {
  test('for the whole job, wherever the alias goes', async () => {
    const job = await upload('a.jsonl', numbers(30).join('\n'));
    const chunks = await plan(job);
    await step(job, { step: 'work', chunks: chunks.slice(0, 1) });
    await publishScaled(registry);
    await versions.put('tiny/aliases/production.json', Buffer.from('{"version":"2"}'));
    await step(job, { step: 'work', chunks: chunks.slice(1) }, newService());
    await merge(job);
    expect((await wholeResult(data, 'tiny', 'a.jsonl')).summary).toMatchObject({ version: '1', ok: 30 });
  });

  test('until it is deleted: the job ends, and started again it is another version from the beginning', async () => {
    const job = await upload('a.jsonl', numbers(30).join('\n'));
    const chunks = await plan(job);
    await step(job, { step: 'work', chunks: chunks.slice(0, 1) });
    await publishScaled(registry);
    await versions.put('tiny/aliases/production.json', Buffer.from('{"version":"2"}'));
    await versions.delete('tiny/versions/1/manifest.json');
    service = newService();
    await expect(step(job, { step: 'work', chunks })).rejects.toThrow(/^VERSION_NOT_FOUND/);
    const anew = { ...job, service };
    await step(anew, { step: 'work', chunks: await plan(anew) });
    await merge(anew);
    expect((await wholeResult(data, 'tiny', 'a.jsonl')).summary).toMatchObject({ version: '2', ok: 30 });
  });
});

describe('a job that can not go on ends with its reason, final, and nothing is lost', () => {
  test('the upload was replaced: every step says so, and the new one is another job', async () => {
    const job = await upload('a.jsonl', numbers(30).join('\n'));
    const chunks = await plan(job);
    await step(job, { step: 'work', chunks });
    const other = await upload('a.jsonl', numbers(5).join('\n'));
    for (const fields of [{ step: 'plan' }, { step: 'work', chunks }, { step: 'merge', tolerated: true }]) {
      await expect(step(job, fields)).rejects.toMatchObject({
        name: 'Final',
        message: 'INPUT_CHANGED: the input was replaced while it was read',
      });
    }
    expect(await allKeys(data, 'outbox/')).toEqual([]);
    await step(other, { step: 'work', chunks: await plan(other) });
    await merge(other);
    expect((await wholeResult(data, 'tiny', 'a.jsonl')).rows).toHaveLength(5);
  });

  test('the chunk list was changed', async () => {
    const job = await upload('a.jsonl', numbers(30).join('\n'));
    const chunks = await plan(job);
    await step(job, { step: 'work', chunks });
    const [list = ''] = (await allKeys(data, 'work/')).filter((name) => name.endsWith('.chunks.json'));
    const [first, second, third] = chunks as [Chunk, Chunk, Chunk];
    const other = [{ ...first, end: 9 }, { ...second, start: { index: 9 } }, third];
    await data.put(list, Buffer.from(JSON.stringify(other)));
    await expect(merge(job)).rejects.toThrow(/^INVALID_INPUT: the chunk list was changed/);
    // A list with a gap is no plan at all: planning makes it whole again.
    await data.put(list, Buffer.from(JSON.stringify([first, third, third])));
    await expect(merge(job)).rejects.toThrow(/^NOT_FOUND: the job was never planned/);
    expect(await plan(job)).toEqual(chunks);
    expect(await merge(job)).toEqual({ summary: { state: 'done', records: 30, failed: 0 } });
  });

  test('chunks that are not whole are an error; where they are tolerated, rows say which records have no answer', async () => {
    const job = await upload('a.jsonl', numbers(30).join('\n'));
    const [first, , last] = await plan(job);
    await step(job, { step: 'work', chunks: [first, last] });
    await expect(merge(job, false)).rejects.toThrow(/^INFERENCE_FAILED: 1 of 3 chunks are not whole/);
    expect(await merge(job)).toEqual({ summary: { state: 'done', records: 30, failed: 10 } });
    const { rows, summary } = await wholeResult(data, 'tiny', 'a.jsonl');
    expect(rows.filter(({ code }) => code === 'INFERENCE_FAILED').map(({ index }) => index)).toEqual(
      Array.from({ length: 10 }, (_, index) => 10 + index),
    );
    expect(summary.codes).toEqual({ INFERENCE_FAILED: 10 });
  });

  test.each(['a.jsonl.gz', 'a.TAR', 'a.tgz'])('%s can not be entered in its middle', async (key) => {
    await expect(step(await upload(key, 'x'), { step: 'plan' })).rejects.toMatchObject({
      name: 'Final',
      message: expect.stringContaining("can't be entered in its middle"),
    });
  });

  test('no such model, no such step, a job that nobody planned', async () => {
    const job = await upload('a.jsonl', '[1,2,3]');
    await expect(merge(job)).rejects.toThrow(/^NOT_FOUND: the job was cancelled/);
    await versions.delete('tiny/aliases/production.json');
    await expect(step(job, { step: 'plan' }, newService())).rejects.toMatchObject({ name: 'Final' });
    await expect(step({ ...job, upload: '../../other' }, { step: 'plan' })).rejects.toThrow(/^INVALID_REQUEST/);
    await expect(step(job, { step: 'sweep' })).rejects.toThrow(/^INVALID_REQUEST/);
  });
});

test('its queue leaves a planned upload to the job; plain batch that was first is the one result all the same', async () => {
  const job = await upload('a.jsonl', numbers(30).join('\n'));
  expect(await isDistributed(data, 'tiny', 'a.jsonl')).toBe(false);
  const chunks = await plan(job);
  expect(await isDistributed(data, 'tiny', 'a.jsonl')).toBe(true);
  await step(job, { step: 'work', chunks: chunks.slice(1) });
  await runBatch({ service, data, read: readRecords, key: 'a.jsonl', remainingMs: () => 900_000, log: quiet });
  await step(job, { step: 'work', chunks });
  expect(await merge(job)).toMatchObject({ summary: { records: 30, failed: 0 } });
  expect((await wholeResult(data, 'tiny', 'a.jsonl')).rows).toHaveLength(30);
  expect(await allKeys(data, 'work/')).toEqual([]);
});
