import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Registry } from '../../lib/registry/registry.js';
import { modeletCommand } from '../support/modelet-command.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';

const command = modeletCommand();
let registry: Registry;

beforeEach(async () => {
  registry = temporaryRegistry();
  await publishTiny(registry, 'tiny', { metrics: { accuracy: 0.5 } });
});

const modelet = (...args: string[]) => command.run(...args, '--registry', registry.store.location);

describe('exit codes', () => {
  test.each([
    [['nonsense']],
    [['list', '--nonsense']],
    [['show']],
    [['push', 'tiny', 'more']],
    [['push', 'tiny']],
    [['list', '--registry']],
  ])('2, one line why and one what to do: modelet %j', async (args) => {
    const { code, out, err } = await command.run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n')).toHaveLength(2);
  });
  test.each([
    [['show', 'absent']],
    [['show', 'tiny@7']],
    [['push', 'tiny@7', '--to', '/tmp/modelet-none']],
    [['push', 'tiny', '--to', 'ftp://x']],
  ])('1, one line why and one line what to do: modelet %j', async (args) => {
    const { code, out, err } = await modelet(...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.trimEnd().split('\n')).toHaveLength(2);
  });
});

test('--help lists the verbs; a verb has its own', async () => {
  const verbs = 'serve publish list show verify invoke promote rollback prune push new doctor bench'.split(' ');
  for (const args of [[], ['--help'], ['-h']]) {
    const { code, out } = await command.run(...args);
    expect(code).toBe(0);
    for (const verb of verbs) expect(out).toContain(`  modelet ${verb}`);
  }
  for (const verb of verbs) {
    const { code, out, err } = await command.run(verb, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`  modelet ${verb}`);
    expect(out).toContain('--registry DIR|s3://BUCKET/PREFIX');
  }
});

test('list and show, for people and as JSON', async () => {
  expect(await modelet('list')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^tiny +versions 1 +production → 1\n$/),
  });
  expect(JSON.parse((await modelet('list', '--json')).out)).toEqual({
    models: [{ model: 'tiny', versions: ['1'], aliases: { production: '1' } }],
  });
  const { out } = await modelet('show', 'tiny');
  expect(out).toContain('tiny@1 (production)');
  expect(out).toContain('input    x FP32 [any, 3]');
  expect(out).toContain('metric   accuracy 0.5');
  expect(JSON.parse((await modelet('show', 'tiny@1', '--json')).out)).toMatchObject({
    model: 'tiny',
    version: '1',
    aliases: ['production'],
    metrics: { accuracy: 0.5 },
  });
});

test('push copies a version and its alias, once', async () => {
  const target = temporaryRegistry();
  const args = ['push', 'tiny', '--to', target.store.location, '--alias', 'production', '--json'];
  const first = await modelet(...args);
  expect(first.code).toBe(0);
  expect(JSON.parse(first.out)).toMatchObject({ model: 'tiny', version: '1', copied: true, alias: 'production' });
  expect(await target.resolve('tiny', { alias: 'production' })).toBe('1');
  expect(JSON.parse((await modelet(...args)).out)).toMatchObject({ copied: false });
});
