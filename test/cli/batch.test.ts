import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { modeletCommand } from '../support/modelet-command.js';

const command = modeletCommand();
const folder = mkdtempSync(join(tmpdir(), 'modelet-batch-'));
const [home, registry, seven] = [process.cwd(), resolve('models'), resolve('examples/7.png')];
// Where no compiled functions are: jest can't import those.
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});
const out = join(folder, 'out');
beforeEach(() => rmSync(out, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const batch = (...args: string[]) => command.run('batch', 'digits', ...args, '--out', out, '--registry', registry);
const rows = (name: string) =>
  readFileSync(join(out, name, 'results.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('images become one result with a row each, in their order; a file of records has its own', async () => {
  const [a, b] = [join(folder, 'a.png'), join(folder, 'b.png')];
  for (const path of [a, b]) copyFileSync(seven, path);
  const png = readFileSync(seven).toString('base64');
  const records = file('seven.jsonl', `${JSON.stringify({ id: 'x', instance: { b64: png } })}\n{"b64": "AAAA"}\n`);
  const { code, out: printed } = await batch(b, records, a, '--json');
  expect(code).toBe(0);
  expect(rows('files')).toEqual(
    [b, a].map((id, index) => ({ index, id, output: expect.objectContaining({ label: '7' }) })),
  );
  expect(rows('seven.jsonl')).toEqual([
    { index: 0, id: 'x', output: expect.objectContaining({ label: '7' }) },
    { index: 1, error: expect.stringContaining('PNG'), code: 'INVALID_INPUT' },
  ]);
  expect(JSON.parse(printed).results).toMatchObject([
    { folder: join(out, 'seven.jsonl'), records: 2, ok: 1, failed: 1 },
    { folder: join(out, 'files'), records: 2, failed: 0 },
  ]);
  // Nothing else is left there.
  expect(readdirSync(out).sort()).toEqual(['files', 'seven.jsonl']);
  expect(existsSync(join(out, 'files', 'summary.json'))).toBe(true);
});

test('whatever files are called, they are read, left as they are, and nothing stays but results', async () => {
  const png = readFileSync(seven);
  const line = `${JSON.stringify({ b64: png.toString('base64') })}\n`;
  const images = ['new\nline.png', '.hidden.png', `${'n'.repeat(250)}.png`, 'back\\slash.png'];
  for (const name of images) copyFileSync(seven, join(folder, name));
  const records = ['.hidden.jsonl', 'new\nline.jsonl', 'files.manifest.jsonl'].map((name) => file(name, line));
  // The second time over what the first left.
  for (let run = 0; run < 2; run++) {
    const { code } = await batch(...images.map((name) => join(folder, name)), ...records);
    expect(code).toBe(0);
    expect(rows('files')).toEqual(
      images.map((id, index) => ({ index, id: join(folder, id), output: expect.objectContaining({ label: '7' }) })),
    );
    for (const name of ['_hidden.jsonl', 'new_line.jsonl'])
      expect(rows(name)).toMatchObject([{ output: { label: '7' } }]);
    expect(readdirSync(out).sort()).toEqual(['_hidden.jsonl', 'files', 'files.manifest.jsonl', 'new_line.jsonl']);
  }
  for (const path of records) expect(readFileSync(path, 'utf8')).toBe(line);
});

test('what another command left that was broken off stays', async () => {
  const left = join(out, '.modelet', 'work', 'digits', 'other.jsonl', 'start.json');
  mkdirSync(join(left, '..'), { recursive: true });
  writeFileSync(left, '{}');
  expect((await batch(seven)).code).toBe(0);
  expect(existsSync(left)).toBe(true);
  expect(readdirSync(join(out, '.modelet'))).toEqual(['work']);
});

test('of commands at the same time with the same files one at least has results that count, which none takes away', async () => {
  const records = file(
    'twice.jsonl',
    `${JSON.stringify({ b64: readFileSync(seven).toString('base64') })}\n`.repeat(20),
  );
  const ends = await Promise.all(Array.from({ length: 3 }, () => batch(records)));
  expect(ends.map(({ code }) => code)).toContain(0);
  // The others find their folders gone, or the results there.
  expect(ends.every(({ code }) => code === 0 || code === 1)).toBe(true);
  expect(rows('twice.jsonl')).toHaveLength(20);
  expect(JSON.parse(readFileSync(join(out, 'twice.jsonl', 'summary.json'), 'utf8'))).toMatchObject({ ok: 20 });
});

describe('refused with one line why and one line what to do', () => {
  test.each<[string, () => string[], string]>([
    ['a file that is not there', () => [join(folder, 'none.png')], 'is no file'],
    ['a folder', () => [folder], 'is no file'],
    ['a file that can not be read', () => [file('broken.jsonl.gz', 'no gzip')], 'could not be read to its end'],
    ['a kind of file that the model does not take', () => [file('song.mp3', 'x')], 'could not be read to its end'],
    [
      'two files of one name',
      () => {
        mkdirSync(join(folder, 'other'), { recursive: true });
        return [file('same.jsonl', ''), file('other/same.jsonl', '')];
      },
      'two files are called same.jsonl',
    ],
  ])('%s', async (_, paths, message) => {
    const { code, err } = await batch(...paths());
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
  });

  test('a folder for results that is a file', async () => {
    writeFileSync(out, '');
    const { code, err } = await batch(seven);
    expect(code).toBe(1);
    expect(err).toMatch(/can't write "files" in .*: a file and a folder would have the same name\nrename one of them/);
  });

  test('an unknown model, before anything is written', async () => {
    const { code, err } = await command.run('batch', 'nobody', seven, '--out', out, '--registry', registry);
    expect({ code, lines: err.trimEnd().split('\n').length }).toEqual({ code: 1, lines: 2 });
    expect(existsSync(out)).toBe(false);
  });

  test.each([[['digits']], [['digits', 'a.png']]])('no files, or no --out: %j', async (args) => {
    expect(await command.run('batch', ...args)).toMatchObject({ code: 2 });
  });
});

describe('--distributed', () => {
  test.each<[string, string[], string]>([
    ['files of this machine', [seven], 'takes one upload below s3://BUCKET/inbox/MODEL/'],
    ['another model', ['s3://data/inbox/other/a.jsonl'], 'takes one upload below s3://BUCKET/inbox/MODEL/'],
    ['a folder', ['s3://data/inbox/digits/night/'], 'takes one upload below s3://BUCKET/inbox/MODEL/'],
    ['two uploads', ['s3://data/inbox/digits/a.jsonl', 's3://data/inbox/digits/b.jsonl'], 'takes one upload'],
    ['what can not be entered', ['s3://data/inbox/digits/a.jsonl.gz'], "can't be entered in its middle"],
    ['no function at all', ['s3://data/inbox/digits/a.jsonl', '--concurrency', '0'], "--concurrency is '0'"],
    ['half a percent', ['s3://data/inbox/digits/a.jsonl', '--tolerate', '0.5'], "--tolerate is '0.5'"],
  ])('refuses %s, before it asks anybody', async (_, args, message) => {
    const { code, err } = await command.run('batch', 'digits', ...args, '--distributed');
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
  });
});
