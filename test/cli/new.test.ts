import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Registry } from '../../lib/registry/registry.js';
import { modeletCommand } from '../support/modelet-command.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const command = modeletCommand();
const repository = process.cwd();
let folder: string;
let registry: Registry;

beforeEach(() => {
  registry = temporaryRegistry();
  folder = mkdtempSync(join(tmpdir(), 'modelet-new-'));
  const yml = readFileSync('serverless.yml', 'utf8').replace(/(?<= {6}digits: \{\}\n)(?: {6}[a-z-]+: \{\}\n)+/, '');
  writeFileSync(join(folder, 'serverless.yml'), yml);
  mkdirSync(join(folder, 'functions'));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(repository);
  rmSync(folder, { recursive: true });
});

const modelet = (...args: string[]) => command.run(...args, '--registry', registry.store.location);
const yaml = (): string => readFileSync('serverless.yml', 'utf8');

test('writes a function and one line of serverless.yml, every other character as it was', async () => {
  const before = yaml();
  await publishTiny(registry, 'sentiment');
  expect(await modelet('new', 'sentiment')).toMatchObject({ code: 0, out: expect.stringContaining('npx sls deploy') });
  expect(readFileSync('functions/sentiment.ts', 'utf8')).toBe(
    "import { serveModel, tensor } from '../lib/index.js';\n\nexport const handler = serveModel('sentiment', { tasks: [tensor] });\n",
  );
  expect(yaml()).toBe(before.replace('      digits: {}\n', '      digits: {}\n      sentiment: {}\n'));
  expect(await modelet('new', 'forecast')).toMatchObject({ code: 0 });
  expect(yaml()).toContain('      digits: {}\n      sentiment: {}\n      forecast: {}\n');
});

test('takes the task of the version that production names', async () => {
  const labels = ['a', 'b'];
  await publishTiny(registry, 'photos', { task: { name: 'image-classification@1', options: { labels } } });
  const { out } = await modelet('new', 'photos', '--json');
  expect(JSON.parse(out)).toEqual({
    model: 'photos',
    file: 'functions/photos.ts',
    service: 'serverless.yml',
    task: 'imageClassification',
  });
  expect(readFileSync('functions/photos.ts', 'utf8')).toContain('tasks: [imageClassification]');
});

test.each([
  [
    'an entry with settings',
    'models:\n      digits:\n        memory: 512\n',
    'models:\n      digits:\n        memory: 512\n      new-one: {}\n',
  ],
  [
    'a comment behind the last entry',
    'models:\n      digits: {} # ours\n',
    'models:\n      digits: {} # ours\n      new-one: {}\n',
  ],
  ['an empty map', 'models: {}\n', 'models: { new-one: {} }\n'],
  ['a map on one line', 'models: { digits: {} }\n', 'models: { digits: {}, new-one: {} }\n'],
  ['an entry without a value', 'models:\n      digits:\n', 'models:\n      digits:\n      new-one: {}\n'],
])('serverless.yml with %s', async (_, models, expected) => {
  const rest = 'provider:\n  name: aws\n';
  writeFileSync('serverless.yml', `custom:\n  modelet:\n    ${models}${rest}`);
  expect(await modelet('new', 'new-one')).toMatchObject({ code: 0, err: '' });
  expect(yaml()).toBe(`custom:\n  modelet:\n    ${expected}${rest}`);
});

test.each([
  ['Digits', "'Digits' can't be a model's name\nuse a-z, 0-9"],
  ['../x', "'../x' can't be a model's name\n"],
  ['catalog', "'catalog' can't be a model's name\n"],
])('the name %s is refused', async (name, message) => {
  expect(await modelet('new', name)).toMatchObject({ code: 1, err: expect.stringContaining(message) });
});

test('nothing is overwritten, and nothing half done', async () => {
  writeFileSync('functions/mine.ts', '// mine');
  expect(await modelet('new', 'mine')).toMatchObject({ code: 1, err: 'functions/mine.ts is there already\nedit it\n' });
  for (const broken of ['a: [', 'custom: {}\n', 'custom:\n  modelet:\n    models:\n']) {
    writeFileSync('serverless.yml', broken);
    expect(await modelet('new', 'other')).toMatchObject({ code: 1, err: expect.stringContaining("can't be edited") });
    expect(existsSync('functions/other.ts')).toBe(false);
  }
  rmSync('serverless.yml');
  expect(await modelet('new', 'other')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no serverless.yml'),
  });
});
