import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Summary } from '../../lib/batch/summary.js';
import { watchInbox } from '../../lib/dev/local-inbox.js';
import { tensor } from '../../lib/index.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openService } from '../../lib/serve-model.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const folder = mkdtempSync(join(tmpdir(), 'modelet-inbox-'));
const silent = () => undefined;

let ended: AbortController;
let watching: Promise<void>;
let failed: string[];
let told: { model: string; key: string; summary: Summary }[];

function watch(): void {
  ended = new AbortController();
  [told, failed] = [[], []];
  watching = watchInbox(
    {
      folder,
      data: fileStore(folder),
      serviceOf: async (model) => (await openService(model, [tensor])).service,
      log: { info: silent, warn: silent, error: silent, event: silent },
      onDone: (model, key, summary) => told.push({ model, key, summary }),
      onFailed: (model, key, error) => {
        failed.push(`${model}/${key}: ${error instanceof Error ? error.message : error}`);
      },
    },
    ended.signal,
  );
}

const put = (path: string, text: string): void => {
  const file = join(folder, 'inbox', path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
};
const rows = (path: string): unknown[] =>
  readFileSync(join(folder, 'outbox', path, 'results.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function untilTold(count: number): Promise<void> {
  for (let tries = 0; told.length < count && tries < 200; tries++) await sleep(50);
  expect(told).toHaveLength(count);
}

beforeAll(async () => {
  await publishTiny(registry);
});
afterEach(async () => {
  ended.abort();
  await watching;
  expect(failed).toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('an upload gets its results, one that was put there before the start too; written again it gets new ones', async () => {
  put('tiny/before.jsonl', '[1,2,3]\n');
  watch();
  await untilTold(1);
  put('tiny/night/more.jsonl', '{"id":"a","instance":[1,2,3]}\nnonsense\n');
  await untilTold(2);
  const [y] = tinyOutput([[1, 2, 3]]);
  expect(rows('tiny/before.jsonl')).toEqual([{ index: 0, output: { outputs: { y } } }]);
  expect(rows('tiny/night/more.jsonl')).toEqual([
    { index: 0, id: 'a', output: { outputs: { y } } },
    { index: 1, error: expect.any(String), code: 'INVALID_INPUT' },
  ]);
  expect(told[1]?.summary).toMatchObject({ state: 'done', model: 'tiny', version: '1', records: 2, ok: 1, failed: 1 });
  put('tiny/before.jsonl', '[0,0,0]\n[1,1,1]\n');
  await untilTold(3);
  expect(rows('tiny/before.jsonl')).toHaveLength(2);
});

test('a name that starts with a dot counts from its rename on', async () => {
  watch();
  put('tiny/.slow.jsonl', '[1,2,3]\n');
  await sleep(1500);
  expect(told).toEqual([]);
  renameSync(join(folder, 'inbox/tiny/.slow.jsonl'), join(folder, 'inbox/tiny/slow.jsonl'));
  await untilTold(1);
});

test('nothing is done twice after a restart, and an unknown model gets a summary that says so', async () => {
  put('nobody/a.jsonl', '[1,2,3]\n');
  watch();
  await untilTold(1);
  expect(told[0]?.summary).toMatchObject({ state: 'failed', code: 'MODEL_NOT_FOUND', records: 0 });
});

test('nothing is passed over in silence: a folder that is named as no model may be, a link, a file outside of folders', async () => {
  put('No_Body/a.jsonl', '[1,2,3]\n');
  put('astray.jsonl', '[1,2,3]\n');
  symlinkSync('slow.jsonl', join(folder, 'inbox/tiny/link.jsonl'));
  watch();
  await untilTold(2);
  expect(told.map(({ key, summary }) => [key, summary.code]).sort()).toEqual([
    ['a.jsonl', 'MODEL_NOT_FOUND'],
    ['link.jsonl', undefined],
  ]);
  await sleep(1100);
  expect(failed.splice(0)).toEqual(["/astray.jsonl: it is in no model's folder; move it into one, as digits/"]);
});
