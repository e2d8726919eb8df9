import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseManifest } from '../../lib/core/manifest.js';
import { setAlias } from '../../lib/registry/move-alias.js';
import { publishVersion } from '../../lib/registry/publish.js';
import { pushVersion } from '../../lib/registry/push.js';
import type { Registry } from '../../lib/registry/registry.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyDraft } from '../support/tiny-model.js';

let registry: Registry;
beforeEach(() => {
  registry = temporaryRegistry();
});

const text = async (key: string) => JSON.parse(Buffer.from((await registry.store.get(key))?.body ?? []).toString());

describe('publish', () => {
  test('the first version gets alias production, later ones none unless asked', async () => {
    expect((await publishTiny(registry)).version).toBe('1');
    expect((await publishTiny(registry)).version).toBe('2');
    expect(await registry.versions('tiny')).toEqual(['1', '2']);
    expect(await registry.resolve('tiny', { alias: 'production' })).toBe('1');
    await publishVersion(registry, tinyDraft('tiny'), 'staging');
    expect([...(await registry.aliases('tiny'))]).toEqual([
      ['production', { version: '1', since: expect.any(String) }],
      ['staging', { version: '3', since: expect.any(String) }],
    ]);
  });
  test('the manifest names every file with size and checksums', async () => {
    const { files } = await publishTiny(registry);
    expect(files.map(({ name, bytes, parts }) => [name, bytes, parts.length])).toEqual([
      ['model.json', expect.any(Number), 1],
      ['weights.bin', 32, 1],
    ]);
    expect(files[1]?.parts).toEqual([files[1]?.sha256]);
  });
  test('racing publishes get a number each, and one production', async () => {
    const published = await Promise.all(Array.from({ length: 8 }, () => publishTiny(registry)));
    expect(published.map(({ version }) => Number(version)).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await registry.versions('tiny')).toHaveLength(8);
    expect(await registry.resolve('tiny', { alias: 'production' })).toMatch(/^[1-8]$/);
  });
  test('what a broken publish left does not count, and its number is not used again', async () => {
    await registry.store.put('tiny/versions/1/model.json', Buffer.from('{}'));
    expect(await registry.versions('tiny')).toEqual([]);
    await expect(registry.manifest('tiny', '1')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    expect((await publishTiny(registry)).version).toBe('2');
    expect(await registry.resolve('tiny', { alias: 'production' })).toBe('2');
  });
  test.each(['Digits', 'a/b', '../x', '', 'a_b', '-a', 'x'.repeat(41)])(
    'the model name %p is refused',
    async (name) => {
      await expect(publishTiny(registry, name)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      expect(await registry.models()).toEqual([]);
    },
  );
});

describe('aliases', () => {
  test('remember where they pointed', async () => {
    await publishTiny(registry);
    await publishTiny(registry);
    await setAlias(registry, 'tiny', 'production', '2');
    expect(await text('tiny/aliases/production.json')).toEqual({
      version: '2',
      previous: '1',
      since: expect.stringMatching(/^20.*Z$/),
    });
  });
  test('of racing moves one wins, the others are told', async () => {
    for (let count = 0; count < 4; count++) await publishTiny(registry);
    const moves = await Promise.allSettled(
      ['2', '3', '4'].map((version) => setAlias(registry, 'tiny', 'production', version)),
    );
    const failed = moves.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    for (const { reason } of failed) expect(reason.message).toMatch(/was moved by someone else meanwhile/);
    expect(failed.length).toBeLessThan(3);
  });
  test('never name a version that is not there', async () => {
    await publishTiny(registry);
    await expect(setAlias(registry, 'tiny', 'production', '9')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await expect(setAlias(registry, 'tiny', '../x', '1')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
  test.each(['{', '[]', '{"version":"0"}', '{"version":1}'])(
    'a damaged alias file %p is MODEL_CORRUPT',
    async (body) => {
      await publishTiny(registry);
      await registry.store.put('tiny/aliases/production.json', Buffer.from(body));
      await expect(registry.resolve('tiny', { alias: 'production' })).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
    },
  );
});

describe('push', () => {
  test('copies a version and its alias; again is nothing to do', async () => {
    await publishTiny(registry);
    const target = temporaryRegistry();
    const seen: number[] = [];
    const options = { model: 'tiny', version: '1', alias: 'production', onProgress: (done: number) => seen.push(done) };
    expect((await pushVersion(registry, target, options)).copied).toBe(true);
    expect(seen.at(-1)).toBe(seen.reduce((most, done) => Math.max(most, done), 0));
    expect(await target.resolve('tiny', { alias: 'production' })).toBe('1');
    expect(await target.manifest('tiny', '1')).toEqual(await registry.manifest('tiny', '1'));
    expect((await pushVersion(registry, target, options)).copied).toBe(false);
  });
  test('goes on where an earlier push broke off', async () => {
    await publishTiny(registry);
    const target = temporaryRegistry();
    const key = 'tiny/versions/1/model.json';
    await target.store.put(key, (await registry.store.get(key))?.body as Uint8Array);
    expect((await pushVersion(registry, target, { model: 'tiny', version: '1' })).copied).toBe(true);
  });
  test('never overwrites another version of the same number', async () => {
    await publishTiny(registry);
    const target = temporaryRegistry();
    await publishTiny(target, 'tiny', { description: 'another' });
    await expect(pushVersion(registry, target, { model: 'tiny', version: '1' })).rejects.toThrow(/has another tiny@1/);
    const half = temporaryRegistry();
    await half.store.put('tiny/versions/1/weights.bin', Buffer.from('other'));
    await expect(pushVersion(registry, half, { model: 'tiny', version: '1' })).rejects.toThrow(/has another tiny@1/);
    expect(await half.versions('tiny')).toEqual([]);
  });
  test('files in folders go along, as a SavedModel has them', async () => {
    const { files } = tinyDraft('tiny');
    const savedModel = { tags: ['serve'], signature: 'serving_default' };
    const folders = new Map([...files, ['variables/variables.index', Buffer.from('index')]]);
    await publishTiny(registry, 'tiny', { files: folders, savedModel });
    const target = temporaryRegistry();
    const { manifest } = await pushVersion(registry, target, { model: 'tiny', version: '1' });
    expect(manifest.savedModel).toEqual(savedModel);
    const copy = openVersion(target.store, manifest);
    expect(Buffer.from(await copy.read('variables/variables.index')).toString()).toBe('index');
  });
  test('a damaged source is not passed on', async () => {
    await publishTiny(registry);
    await registry.store.put('tiny/versions/1/weights.bin', Buffer.alloc(32));
    const target = temporaryRegistry();
    await expect(pushVersion(registry, target, { model: 'tiny', version: '1' })).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
    });
    expect(await target.versions('tiny')).toEqual([]);
  });
});

const withFile = (name: string) => (m: Record<string, unknown>) => ({
  ...m,
  files: [{ name, bytes: 1, sha256: 'a'.repeat(64), parts: [] }],
});
test.each([
  ['a file name that leaves the folder', withFile('../x')],
  ['a file name that leaves it further in', withFile('variables/../../x')],
  ['an absolute file name', withFile('/x')],
  ['a hidden file', withFile('variables/.modelet-x')],
  ['a file name with a backslash', withFile('variables\\x')],
  [
    'a datatype that there is not',
    (m: Record<string, unknown>) => ({
      ...m,
      signature: { inputs: [{ name: 'x', datatype: 'FP8', shape: [] }], outputs: [] },
    }),
  ],
  [
    'a dimension below -1',
    (m: Record<string, unknown>) => ({
      ...m,
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-2] }], outputs: [] },
    }),
  ],
  [
    'a golden tensor that is nowhere',
    (m: Record<string, unknown>) => ({
      ...m,
      golden: { by: '', tolerance: 1, inputs: [], outputs: [{ name: 'y', datatype: 'FP32', shape: [] }] },
    }),
  ],
  ['another format', (m: Record<string, unknown>) => ({ ...m, format: 'modelet/2' })],
])('a manifest with %s is MODEL_CORRUPT', async (_, change) => {
  const manifest = await publishTiny(registry);
  const bytes = Buffer.from(JSON.stringify(change({ ...manifest })));
  expect(() => parseManifest(bytes, 'manifest.json')).toThrow(expect.objectContaining({ code: 'MODEL_CORRUPT' }));
});
