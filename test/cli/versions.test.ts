import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Registry } from '../../lib/registry/registry.js';
import { modeletCommand } from '../support/modelet-command.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishScaled } from '../support/tiny-model.js';

let registry: Registry;
const command = modeletCommand();

beforeEach(async () => {
  registry = temporaryRegistry();
  for (let count = 0; count < 3; count++) await publishScaled(registry);
});

const modelet = (...args: string[]) => command.run(...args, '--registry', registry.store.location);

/** As if it had been published some days ago. */
function age(version: string, names = ['manifest.json', 'model.json', 'weights.bin'], days = 2): void {
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  for (const name of names) utimesSync(join(registry.store.location, 'tiny/versions', version, name), then, then);
}

describe('promote and rollback', () => {
  test('move an alias and take it back', async () => {
    expect(await modelet('promote', 'tiny@2')).toMatchObject({ code: 0, out: 'tiny: production → 2 (was 1)\n' });
    expect(await modelet('promote', 'tiny@3', '--percent', '10')).toMatchObject({
      code: 0,
      out: 'tiny: production → 2, canary 3 at 10 % (was 2)\n',
    });
    expect((await modelet('show', 'tiny')).out).toMatch(/^alias {4}production → 2, canary 3 at 10 %, since 20/m);
    expect((await modelet('rollback', 'tiny')).out).toBe('tiny: production → 2 (was 2, canary 3 at 10 %)\n');
    expect((await modelet('rollback', 'tiny')).out).toBe('tiny: production → 1 (was 2)\n');
    const { out } = await modelet('promote', 'tiny@3', '--alias', 'staging', '--json');
    expect(JSON.parse(out)).toMatchObject({ model: 'tiny', alias: 'staging', version: '3' });
  });

  test('a version that fails its golden check is not promoted', async () => {
    await registry.store.put('tiny/versions/2/weights.bin', Buffer.alloc(36));
    const { code, err } = await modelet('promote', 'tiny@2');
    expect(code).toBe(1);
    expect(err).toMatch(/weights\.bin is not the file that was published/);
    expect(await registry.resolve('tiny', { alias: 'production' })).toBe('1');
  });

  test.each([
    [['promote', 'tiny'], 1, 'no version is named\nwrite MODEL@VERSION'],
    [['promote', 'tiny@9'], 1, "model 'tiny' has no version '9'\n"],
    [['promote', 'tiny@1@2'], 1, "model 'tiny' has no version '1@2'\n"],
    [['promote', 'tiny@2', '--percent', '0'], 1, 'a canary takes more than 0 and less than 100 percent, not 0\n'],
    [['promote', 'tiny@2', '--percent', 'ten'], 1, 'not NaN\n'],
    [['promote', 'tiny@2', '--alias', 'A/B'], 1, "alias 'A/B'\nuse a-z"],
    [['promote', 'tiny@1', '--percent', '5'], 1, "alias 'production' is at 1 already\n"],
    [['rollback', 'tiny'], 1, "alias 'production' of 'tiny' has no previous version\npromote one\n"],
    [['rollback', 'absent'], 1, "alias 'production' of 'absent' is not set\npromote a version first\n"],
    [['promote'], 2, 'takes MODEL@VERSION'],
  ])('%j is refused', async (args, code, message) => {
    const result = await modelet(...args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(message);
    expect(result.err.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('prune', () => {
  test('deletes old versions, never one that an alias names or that is younger than a day', async () => {
    for (const version of ['1', '2', '3']) age(version);
    for (let count = 0; count < 2; count++) await publishScaled(registry);
    await modelet('promote', 'tiny@4');
    const { code, out } = await modelet('prune', 'tiny', '--keep', '1');
    expect(code).toBe(0);
    expect(out).toBe(
      "tiny: deleted 2 version(s) 2 3\nkept 1: alias 'production' names it\nkept 4: alias 'production' names it\n",
    );
    expect(await registry.versions('tiny')).toEqual(['1', '4', '5']);
    expect(await registry.store.list('tiny/versions/')).toEqual(['1/', '4/', '5/']);
  });

  test('removes what a broken publish left, once it is a week old', async () => {
    await registry.store.put('tiny/versions/7/model.json', Buffer.from('{}'));
    await registry.store.put('tiny/versions/7/variables/index', Buffer.from('{}'));
    expect(JSON.parse((await modelet('prune', 'tiny', '--keep', '9', '--json')).out)).toMatchObject({ orphans: [] });
    age('7', ['model.json', 'variables/index'], 6);
    expect(JSON.parse((await modelet('prune', 'tiny', '--keep', '9', '--json')).out)).toMatchObject({ orphans: [] });
    age('7', ['model.json', 'variables/index'], 8);
    expect(JSON.parse((await modelet('prune', 'tiny', '--keep', '9', '--json')).out)).toMatchObject({ orphans: ['7'] });
    expect(await registry.store.list('tiny/versions/')).toEqual(['1/', '2/', '3/']);
  });

  test.each([
    [['prune', 'tiny'], 2, 'needs --keep'],
    [['prune', 'tiny', '--keep', '0'], 1, '--keep 0\n'],
    [['prune', 'tiny', '--keep', '1.5'], 1, '--keep 1.5\n'],
    [['prune', 'absent', '--keep', '1'], 1, "there is no model 'absent'"],
  ])('%j is refused', async (args, code, message) => {
    const result = await modelet(...args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(message);
  });
});

test('verify checks files and the golden output on each backend', async () => {
  const { code, out } = await modelet('verify', 'tiny@2', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ model: 'tiny', version: '2', files: 2, tolerance: 1e-5 });
  expect(JSON.parse(out).backends[0]).toEqual({ backend: 'wasm', difference: expect.any(Number) });
  await registry.store.put('tiny/versions/2/weights.bin', Buffer.alloc(36));
  expect(await modelet('verify', 'tiny@2')).toMatchObject({ code: 1, err: expect.stringContaining('checksum') });
});
