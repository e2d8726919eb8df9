import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readRecords } from '../../lib/batch/readers/read-records.js';
import type { ReadRecords } from '../../lib/batch/record.js';
import { type BatchJob, runBatch } from '../../lib/batch/run-batch.js';
import type { Engine, LoadedModel } from '../../lib/core/engine.js';
import { ModeletError } from '../../lib/core/errors.js';
import type { Log } from '../../lib/core/log.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { defineTask, tensor } from '../../lib/index.js';
import { setAlias } from '../../lib/registry/move-alias.js';
import { createRegistry, type Registry } from '../../lib/registry/registry.js';
import { createService, type Service } from '../../lib/service.js';
import { openEngine } from '../support/engine.js';
import { memoryStore } from '../support/memory-store.js';
import { publishScaled } from '../support/tiny-model.js';
import { allKeys, wholeResult } from './whole-result.js';

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
const key = 'night/7.jsonl';
const input = `inbox/tiny/${key}`;

let data: ObjectStore;
let registry: Registry;

beforeEach(async () => {
  data = memoryStore();
  registry = createRegistry(memoryStore());
  await publishScaled(registry);
});

async function serviceOn(engine?: Engine, tasks = [tensor]): Promise<Service> {
  return createService({
    model: 'tiny',
    registry,
    engine: engine ?? (await openEngine('wasm')),
    tasks,
    log: quiet,
    budget: 2 ** 30,
    lookEveryMs: 0,
  });
}

/** The lines of an input: record i is [i, 1, 2]. */
const lines = (count: number): string => Array.from({ length: count }, (_, i) => `[${i},1,2]\n`).join('');
const upload = (text: string) => data.put(input, Buffer.from(text));

async function run(options: Partial<BatchJob> = {}, limits?: Parameters<typeof runBatch>[1]) {
  const job = { data, read: readRecords, key, remainingMs: () => 900_000, log: quiet, ...options };
  return runBatch({ ...job, service: options.service ?? (await serviceOn()) }, limits);
}

const result = () => wholeResult(data, 'tiny', key);
const outputs = async () => (await result()).rows.map(({ output }) => output?.outputs.y);

/** Time runs out at each look at the clock after so many. */
function clock(looks: number): () => number {
  let left = looks;
  return () => (left-- > 0 ? 900_000 : 0);
}

/** The engine, with what `predict` does instead for some inputs. */
async function engineThat(
  predict: (values: Float32Array, real: () => ReturnType<LoadedModel['predict']>) => ReturnType<LoadedModel['predict']>,
) {
  const wasm = await openEngine('wasm');
  const load: Engine['load'] = async (manifest, readFile) => {
    const model = await wasm.load(manifest, readFile);
    return {
      get usable() {
        return model.usable;
      },
      dispose: () => model.dispose(),
      predict: (inputs) => predict(inputs.get('x')?.data as Float32Array, () => model.predict(inputs)),
    };
  };
  return { ...wasm, load };
}

describe('one upload', () => {
  test('becomes rows in its order and a summary; nothing else is left', async () => {
    const etag = await upload(`${lines(50)}{"id":"a","instance":[1,2,3]}\n`);
    const outcome = await run();
    const { summary, rows } = await result();
    expect(outcome).toEqual({ state: 'done', summary });
    expect(rows.slice(0, 2)).toEqual([
      { index: 0, output: { outputs: { y: [0, 1, 2] } } },
      { index: 1, output: { outputs: { y: [1, 1, 2] } } },
    ]);
    expect(rows[50]).toEqual({ index: 50, id: 'a', output: { outputs: { y: [1, 2, 3] } } });
    expect(summary).toMatchObject({
      state: 'done',
      model: 'tiny',
      version: '1',
      input: { key, etag, bytes: expect.any(Number) },
      records: 51,
      ok: 51,
      failed: 0,
      codes: {},
      runs: 1,
    });
    expect(await allKeys(data, '')).toEqual([
      input,
      `outbox/tiny/${key}/results.jsonl`,
      `outbox/tiny/${key}/summary.json`,
    ]);
  });

  test('a second delivery changes nothing; the same bytes uploaded again have a result of their own', async () => {
    await upload(lines(3));
    const first = await run();
    expect(await run()).toEqual(first);
    await publishScaled(registry);
    await setAlias(registry, 'tiny', 'production', '2');
    expect(await run()).toEqual(first);
    await upload(lines(3));
    await run();
    expect((await result()).summary).toMatchObject({ version: '2', records: 3 });
    expect(await outputs()).toEqual([
      [0, 2, 4],
      [2, 2, 4],
      [4, 2, 4],
    ]);
  });

  test('without a record has a result without a row', async () => {
    await upload('');
    await run();
    expect((await result()).summary).toMatchObject({ state: 'done', records: 0, results: { bytes: 0 } });
  });

  test('tells how far it is', async () => {
    await upload(lines(40));
    const seen: number[] = [];
    await run({ onProgress: ({ records, bytes, totalBytes }) => void seen.push(records, bytes / totalBytes) });
    expect(seen.slice(-2)).toEqual([40, 1]);
  });
});

describe('what is bad', () => {
  test('a bad record is a row with a code; the rest goes on', async () => {
    await upload('[1,1,1]\nnonsense\n[1,2]\n{"text":"no"}\n"?"\n[2,2,2]\n');
    await run();
    const { summary, rows } = await result();
    expect(rows.map(({ code }) => code)).toEqual([
      undefined,
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      undefined,
    ]);
    expect(rows[2].error).toMatch(/shape \[2\], expected \[3\]/);
    expect(summary).toMatchObject({ state: 'done', ok: 2, failed: 4, codes: { INVALID_INPUT: 4 } });
  });

  test('records that make a pass fail are found, and only those fail', async () => {
    const guilty = new Set([0, 7, 8, 30, 99]);
    const engine = await engineThat((values, real) => {
      if (values.some((value) => guilty.has(value - 1000)))
        throw new ModeletError('INFERENCE_FAILED', 'an output holds NaN');
      return real();
    });
    await upload(Array.from({ length: 100 }, (_, i) => `[${1000 + i},0,0]\n`).join(''));
    await run({ service: await serviceOn(engine) });
    const { rows, summary } = await result();
    expect(rows.filter(({ code }) => code === 'INFERENCE_FAILED').map(({ index }) => index)).toEqual([...guilty]);
    expect(summary).toMatchObject({ state: 'done', ok: 95, codes: { INFERENCE_FAILED: 5 } });
  });

  test('a record that fills the memory, again and again, fails alone and does not come back for ever', async () => {
    let failures = 0;
    const engine = await engineThat((values, real) => {
      if (!values.includes(77)) return real();
      failures++;
      throw new ModeletError('MODEL_UNAVAILABLE', 'the model ran out of memory');
    });
    await upload('[1,0,0]\n[2,0,0]\n[77,0,0]\n[4,0,0]\n');
    await run({ service: await serviceOn(engine) });
    expect((await result()).rows.map(({ code }) => code)).toEqual([
      undefined,
      undefined,
      'INFERENCE_FAILED',
      undefined,
    ]);
    expect((await result()).rows[2].error).toMatch(/out of memory or trapped on this record alone, twice/);
    expect(failures).toBeLessThanOrEqual(4);
  });

  test('memory that runs out by the number of records is no error of any', async () => {
    const engine = await engineThat((values, real) => {
      if (values.length > 3 * 2) throw new ModeletError('MODEL_UNAVAILABLE', 'the model ran out of memory');
      return real();
    });
    await upload(lines(64));
    await run({ service: await serviceOn(engine) });
    expect((await result()).summary).toMatchObject({ ok: 64, failed: 0 });
  });

  test("a task's own bug is a row too, and its message, which may quote the record, is not told", async () => {
    const buggy = defineTask({
      name: 'tensor@1',
      options: { '~standard': { validate: (value) => ({ value }) } },
      mediaTypes: [],
      preprocess: () => {
        throw new TypeError('secret');
      },
      postprocess: (tensors) => {
        if (tensors.get('y')?.data[0] === 1) throw new TypeError('secret');
        return {};
      },
    });
    await upload('[0,0,0]\n[1,0,0]\n{"text":"secret"}\n');
    await run({ service: await serviceOn(undefined, [buggy]) });
    const bug = { error: 'the task failed on this record', code: 'INFERENCE_FAILED' };
    expect((await result()).rows).toEqual([
      { index: 0, output: {} },
      { index: 1, ...bug },
      { index: 2, ...bug },
    ]);
  });

  test('an input that is bad as a whole: a summary that says so, with the rows before it', async () => {
    const key = 'cut.jsonl.gz';
    await data.put(`inbox/tiny/${key}`, gzipSync(lines(2000)).subarray(0, -2000));
    const outcome = await run({ key });
    const { rows, summary } = await wholeResult(data, 'tiny', key);
    expect(outcome).toEqual({ state: 'done', summary });
    expect(rows.length).toBeGreaterThan(0);
    expect(summary).toMatchObject({
      state: 'failed',
      code: 'INVALID_INPUT',
      error: expect.stringMatching(/^the gzip is/),
    });
    expect(await allKeys(data, 'work/')).toEqual([]);
  });

  test('an unknown model, an unset alias, weights that are damaged: a summary that says so', async () => {
    await upload(lines(3));
    registry = createRegistry(memoryStore());
    await run();
    expect((await result()).summary).toMatchObject({
      state: 'failed',
      code: 'MODEL_NOT_FOUND',
      records: 0,
      results: { bytes: 0 },
    });

    await publishScaled(registry);
    await registry.store.put('tiny/versions/1/weights.bin', Buffer.alloc(36));
    await upload(lines(3));
    await run();
    expect((await result()).summary).toMatchObject({
      state: 'failed',
      code: 'MODEL_CORRUPT',
      version: '1',
      records: 0,
    });

    await registry.store.delete('tiny/aliases/production.json');
    await upload(lines(3));
    await run();
    expect((await result()).summary).toMatchObject({ state: 'failed', code: 'VERSION_NOT_FOUND' });
  });

  test('a version for a task that this function does not have', async () => {
    await upload(lines(3));
    const radar = defineTask({ ...tensorLike, name: 'radar@1' });
    await run({ service: await serviceOn(undefined, [radar]) });
    expect((await result()).summary).toMatchObject({ state: 'failed', code: 'MODEL_CORRUPT' });
  });
});

const tensorLike = {
  options: { '~standard': { validate: (value: unknown) => ({ value }) } },
  mediaTypes: [],
  preprocess: () => new Map(),
  postprocess: () => ({}),
};

describe('time', () => {
  test('one that runs out is handed on, each time with a part more, until all is done', async () => {
    await upload(lines(30));
    const records: number[] = [];
    let outcome = await run({ remainingMs: clock(3) });
    for (; outcome.state === 'unfinished'; outcome = await run({ remainingMs: clock(3) }))
      records.push(outcome.records);
    expect(records.length).toBeGreaterThan(2);
    expect(records).toEqual([...new Set(records)].sort((a, b) => a - b));
    const { summary, rows } = await result();
    expect(rows).toHaveLength(30);
    expect(summary.runs).toBe(records.length + 1);
    expect(await allKeys(data, 'work/')).toEqual([]);
  });

  test('none at all still brings a part each time', async () => {
    await upload(lines(4));
    let calls = 1;
    while ((await run({ remainingMs: () => 0 })).state !== 'done') calls++;
    expect(calls).toBeLessThanOrEqual(6);
    expect((await result()).rows).toHaveLength(4);
  });

  test('the version stays the one that it began with; an input is not read again from its start', async () => {
    await upload(lines(8));
    await run({ remainingMs: clock(3) });
    await publishScaled(registry);
    await setAlias(registry, 'tiny', 'production', '2');
    const starts: (number | undefined)[] = [];
    const read: ReadRecords = (of, context, from) => {
      starts.push(from.offset);
      return readRecords(of, context, from);
    };
    await run({ read });
    expect(starts).toEqual([expect.any(Number)]);
    expect(starts[0]).toBeGreaterThan(0);
    expect((await result()).summary).toMatchObject({ version: '1', records: 8, runs: 2 });
    expect((await outputs())[7]).toEqual([7, 1, 2]);
  });

  test('a version that was pruned meanwhile: the run starts again with one that is there, and none is mixed', async () => {
    await upload(lines(8));
    expect(await run({ remainingMs: clock(3) })).toMatchObject({ state: 'unfinished' });
    await publishScaled(registry);
    await setAlias(registry, 'tiny', 'production', '2');
    for (const name of await registry.store.list('tiny/versions/1/'))
      await registry.store.delete(`tiny/versions/1/${name}`);
    await run();
    expect((await result()).summary).toMatchObject({ state: 'done', version: '2', records: 8 });
    expect((await outputs())[0]).toEqual([0, 2, 4]);
    expect(await allKeys(data, 'work/')).toEqual([]);
  });
  test('a version that is pruned while it is loaded is no damaged one', async () => {
    await upload(lines(8));
    await run({ remainingMs: clock(3) });
    await publishScaled(registry);
    const service = await serviceOn();
    await service.describe({ version: '1' });
    await setAlias(registry, 'tiny', 'production', '2');
    for (const name of await registry.store.list('tiny/versions/1/'))
      await registry.store.delete(`tiny/versions/1/${name}`);
    await run({ service });
    expect((await result()).summary).toMatchObject({ state: 'done', version: '2', records: 8 });
  });
});

describe('uploads that change', () => {
  test('replaced while it is read: the new one has its results, in the same call', async () => {
    await upload(lines(20));
    let replaced = false;
    const read: ReadRecords = async function* (of, context, from) {
      for await (const record of readRecords(of, context, from)) {
        if (record.index === 10 && !replaced) {
          replaced = true;
          await upload(lines(5));
        }
        yield record;
      }
    };
    await run({ read }, { bytes: 200, ms: 1e6 });
    expect((await result()).rows).toHaveLength(5);
    expect(await allKeys(data, 'work/')).toEqual([]);
  });

  test('removed before it was read: a summary that says so; uploaded again, it is done', async () => {
    await run({ etag: '"e"' });
    expect((await result()).summary).toMatchObject({
      state: 'failed',
      code: 'NOT_FOUND',
      input: { key, etag: '"e"' },
      records: 0,
    });
    await upload(lines(2));
    await run();
    expect((await result()).summary).toMatchObject({ state: 'done', records: 2 });
  });

  test('removed after it was done, or instead of being replaced: the results stay', async () => {
    await upload(lines(2));
    await run();
    await data.delete(input);
    expect(await run()).toMatchObject({ state: 'done', summary: { records: 2 } });
    await upload(lines(3));
    await data.delete(input);
    expect(await run()).toMatchObject({ state: 'done', summary: { records: 2 } });
  });

  test('results that somebody damaged are made again', async () => {
    await upload(lines(2));
    await run();
    await data.put(`outbox/tiny/${key}/results.jsonl`, Buffer.from('{"index":0}\n'));
    await run();
    expect((await result()).rows).toHaveLength(2);
    await data.delete(`outbox/tiny/${key}/results.jsonl`);
    await run();
    expect((await result()).rows).toHaveLength(2);
    await data.put(`outbox/tiny/${key}/summary.json`, Buffer.from('{'));
    await run();
    expect((await result()).rows).toHaveLength(2);
  });

  test.each([
    ['the mark of its start removed', /start\.json$/, undefined],
    ['the mark of its start damaged', /start\.json$/, '{'],
    ['its first part removed', /-000000\.jsonl$/, undefined],
    ['a part removed from its middle', /-000001\.jsonl$/, undefined],
    ['its last part damaged', /-000002\.jsonl$/, '{'],
  ])('%s: the run starts again', async (_, name, content) => {
    await upload(lines(9));
    for (let hop = 0; hop < 3; hop++) await run({ remainingMs: clock(3) });
    const found = (await allKeys(data, 'work/')).find((path) => name.test(path)) as string;
    await (content === undefined ? data.delete(found) : data.put(found, Buffer.from(content)));
    await run();
    expect((await result()).rows).toHaveLength(9);
    expect(await allKeys(data, 'work/')).toEqual([]);
  });
});
