import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { main } from '../../lib/cli/main.js';
import type { Registry } from '../../lib/registry/registry.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

let out = '';
let err = '';
let registry: Registry;

beforeEach(async () => {
  out = '';
  err = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
  registry = temporaryRegistry();
  await publishTiny(registry, 'tiny', { metrics: { accuracy: 0.5 } });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const modelet = (...args: string[]) => main([...args, '--registry', registry.store.location]);

describe('exit codes', () => {
  test.each([
    [['nonsense']],
    [['list', '--nonsense']],
    [['show']],
    [['push', 'tiny', 'more']],
    [['push', 'tiny']],
    [['list', '--registry']],
  ])('2, one line why and one what to do: modelet %j', async (args) => {
    expect(await main(args)).toBe(2);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
    expect(out).toBe('');
  });
  test.each([
    [['show', 'absent']],
    [['show', 'tiny@7']],
    [['push', 'tiny@7', '--to', '/tmp/modelet-none']],
    [['push', 'tiny', '--to', 'ftp://x']],
  ])('1, one line why and one what to do: modelet %j', async (args) => {
    expect(await modelet(...args)).toBe(1);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
    expect(out).toBe('');
  });
});

test('--help lists the verbs; a verb has its own', async () => {
  for (const args of [[], ['--help'], ['-h']]) expect(await main(args)).toBe(0);
  for (const verb of ['serve', 'list', 'show', 'push']) {
    expect(out).toContain(`modelet ${verb}`);
    expect(await main([verb, '--help'])).toBe(0);
  }
  expect(out).toContain('--to DIR|s3://BUCKET/PREFIX');
  expect(err).toBe('');
});

test('list and show, for people and as JSON', async () => {
  expect(await modelet('list')).toBe(0);
  expect(out).toMatch(/^tiny +versions 1 +production → 1\n$/);
  out = '';
  expect(await modelet('list', '--json')).toBe(0);
  expect(JSON.parse(out)).toEqual({ models: [{ model: 'tiny', versions: ['1'], aliases: { production: '1' } }] });
  out = '';
  expect(await modelet('show', 'tiny')).toBe(0);
  expect(out).toContain('tiny@1 (production)');
  expect(out).toContain('input    x FP32 [any, 3]');
  expect(out).toContain('metric   accuracy 0.5');
  out = '';
  expect(await modelet('show', 'tiny@1', '--json')).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    model: 'tiny',
    version: '1',
    aliases: ['production'],
    metrics: { accuracy: 0.5 },
  });
});

test('push copies a version and its alias, once', async () => {
  const target = temporaryRegistry();
  const args = ['push', 'tiny', '--to', target.store.location, '--alias', 'production', '--json'];
  expect(await modelet(...args)).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ model: 'tiny', version: '1', copied: true, alias: 'production' });
  expect(await target.resolve('tiny', { alias: 'production' })).toBe('1');
  out = '';
  expect(await modelet(...args)).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ copied: false });
});
