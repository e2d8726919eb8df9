import { randomBytes } from 'node:crypto';
import { beforeEach, expect, test } from '@jest/globals';
import type { ObjectStore } from '../../lib/core/object-store.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** What every ObjectStore does; `open` gives an empty one each time. */
export function objectStoreContract(open: () => Promise<ObjectStore>): void {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await open();
  });

  const textAt = async (key: string) => {
    const object = await store.get(key);
    return object && Buffer.from(object.body).toString();
  };

  test.each([
    ['empty', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, value) => value))],
    ['1 MiB', randomBytes(2 ** 20)],
    ['3 MiB, from the middle of a buffer', randomBytes(2 ** 22).subarray(2 ** 19, 2 ** 19 + 3 * 2 ** 20)],
  ])('gives back the bytes it was given: %s', async (_, body) => {
    const etag = await store.put('a/b.bin', body);
    const object = await store.get('a/b.bin');
    expect(object?.etag).toBe(etag);
    expect(Buffer.from(object?.body ?? []).equals(body)).toBe(true);
  });

  test('the last write wins, and the etag follows the content', async () => {
    const first = await store.put('a', bytes('one'));
    const second = await store.put('a', bytes('two'));
    const third = await store.put('a', bytes('one'));
    expect(second).not.toBe(first);
    expect(third).toBe(first);
    expect(await textAt('a')).toBe('one');
    expect((await store.get('a'))?.etag).toBe((await store.get('a'))?.etag);
  });

  test('what is not there is undefined, folders included', async () => {
    await store.put('model/versions/1/manifest.json', bytes('{}'));
    expect(await store.get('other')).toBeUndefined();
    expect(await store.get('model/versions')).toBeUndefined();
    expect(await store.get('model/versions/1/manifest.json/x')).toBeUndefined();
    expect(await store.list('other/')).toEqual([]);
  });

  test('getUnless sends nothing while the etag holds', async () => {
    const etag = (await store.put('a/b', bytes('one'))) ?? '';
    expect(await store.getUnless(etag, 'a/b')).toBe('unchanged');
    const next = await store.put('a/b', bytes('two'));
    const object = await store.getUnless(etag, 'a/b');
    expect(object).toMatchObject({ etag: next });
    expect(Buffer.from((object as { body: Uint8Array }).body).toString()).toBe('two');
    expect(await store.getUnless(etag, 'a/none')).toBeUndefined();
  });

  test('modified tells when an object was written', async () => {
    const before = Date.now();
    await store.put('a/b', bytes('one'));
    const at = (await store.modified('a/b'))?.getTime() ?? 0;
    // S3 knows whole seconds.
    expect(at).toBeGreaterThanOrEqual(before - 1000);
    expect(at).toBeLessThanOrEqual(Date.now() + 1000);
    expect(await store.modified('a/none')).toBeUndefined();
    expect(await store.modified('a')).toBeUndefined();
  });

  test('ifAbsent writes only where nothing is', async () => {
    expect(await store.put('a', bytes('one'), { ifAbsent: true })).toEqual(expect.any(String));
    expect(await store.put('a', bytes('two'), { ifAbsent: true })).toBeUndefined();
    expect(await textAt('a')).toBe('one');
  });

  test('of 20 concurrent ifAbsent puts exactly one wins', async () => {
    const attempts = Array.from({ length: 20 }, (_, i) =>
      store.put('race/a', bytes(`writer ${i}`), { ifAbsent: true }),
    );
    const winners = (await Promise.all(attempts)).flatMap((etag, i) => (etag === undefined ? [] : [i]));
    expect(winners).toHaveLength(1);
    expect(await textAt('race/a')).toBe(`writer ${winners[0]}`);
  });

  test('ifMatch writes only over what was seen', async () => {
    const first = (await store.put('a', bytes('one'))) ?? '';
    const second = await store.put('a', bytes('two'), { ifMatch: first });
    expect(second).toEqual(expect.any(String));
    expect(await store.put('a', bytes('three'), { ifMatch: first })).toBeUndefined();
    expect(await textAt('a')).toBe('two');
    expect(await store.put('nothing/here', bytes('x'), { ifMatch: first })).toBeUndefined();
    expect(await store.get('nothing/here')).toBeUndefined();
  });

  test('of 20 concurrent ifMatch puts exactly one wins, five times over', async () => {
    let etag = (await store.put('race/a', bytes('start'))) ?? '';
    for (let round = 0; round < 5; round++) {
      const attempts = Array.from({ length: 20 }, (_, i) =>
        store.put('race/a', bytes(`round ${round}, writer ${i}`), { ifMatch: etag }),
      );
      const winners = (await Promise.all(attempts)).flatMap((won, i) => (won === undefined ? [] : [{ won, i }]));
      expect(winners).toHaveLength(1);
      expect(await textAt('race/a')).toBe(`round ${round}, writer ${winners[0]?.i}`);
      etag = winners[0]?.won ?? '';
    }
  });

  test('readers see a whole object, the old one or the new one', async () => {
    const size = 2 ** 18;
    const write = (round: number) => store.put('a', Buffer.alloc(size, round));
    await write(0);
    let writing = true;
    const reader = async () => {
      while (writing) {
        const body = Buffer.from((await store.get('a'))?.body ?? []);
        expect(body.length).toBe(size);
        expect(body.equals(Buffer.alloc(size, body[0]))).toBe(true);
      }
    };
    const readers = [reader(), reader()];
    for (let round = 1; round < 20; round++) await write(round);
    writing = false;
    await Promise.all(readers);
  });

  test('lists what is directly below, sorted, folders with a slash', async () => {
    for (const key of ['b/2', 'b/10', 'b/deep/er/x', 'b-side', 'a', 'b.txt']) await store.put(key, bytes(key));
    expect(await store.list('')).toEqual(['a', 'b-side', 'b.txt', 'b/']);
    expect(await store.list('b/')).toEqual(['10', '2', 'deep/']);
    expect(await store.list('b/deep/')).toEqual(['er/']);
    expect(await store.list('b/2/')).toEqual([]);
  });

  test('lists more than one page of 1,000', async () => {
    const names = Array.from({ length: 1203 }, (_, i) => `object-${String(i).padStart(5, '0')}`);
    for (let i = 0; i < names.length; i += 40) {
      await Promise.all(names.slice(i, i + 40).map((name) => store.put(`many/${name}`, bytes('x'))));
    }
    expect(await store.list('many/')).toEqual(names);
    expect(await store.list('')).toEqual(['many/']);
  }, 60_000);

  test('deletes, and a second time too; an emptied folder is gone', async () => {
    await store.put('m/versions/1/a', bytes('x'));
    await store.put('m/aliases/production.json', bytes('x'));
    await store.delete('m/versions/1/a');
    await store.delete('m/versions/1/a');
    await store.delete('never/was');
    expect(await store.get('m/versions/1/a')).toBeUndefined();
    expect(await store.list('m/')).toEqual(['aliases/']);
  });

  test('a deleted object can be created again', async () => {
    await store.put('a', bytes('one'), { ifAbsent: true });
    await store.delete('a');
    expect(await store.put('a', bytes('two'), { ifAbsent: true })).toEqual(expect.any(String));
    expect(await textAt('a')).toBe('two');
  });

  test.each(['größe/日本語 モデル.json', '🎈/✓ 100 % + a&b=c?d#e.txt', "it's (a) [key]*~!;:@$,", '..a/...', '.hidden'])(
    'takes the key %s',
    async (key) => {
      await store.put(key, bytes(key));
      expect(await textAt(key)).toBe(key);
      const [first = '', second] = key.split('/');
      expect(await store.list('')).toEqual([second === undefined ? first : `${first}/`]);
      if (second !== undefined) expect(await store.list(`${first}/`)).toEqual([second]);
      await store.delete(key);
      expect(await store.get(key)).toBeUndefined();
    },
  );

  test.each([
    '',
    '/etc/passwd',
    'a//b',
    'a/',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    'a/..',
    'a\\b',
    'a\0b',
    'a\nb',
    'a\ud800b',
    'x'.repeat(256),
    `${'x/'.repeat(512)}x`,
    'a/.modelet-draft',
  ])('refuses the key %j', async (key) => {
    const refused = expect.objectContaining({ code: 'INVALID_REQUEST' });
    await expect(store.get(key)).rejects.toEqual(refused);
    await expect(store.put(key, bytes('x'))).rejects.toEqual(refused);
    await expect(store.delete(key)).rejects.toEqual(refused);
    if (key !== '') await expect(store.list(`${key}/`)).rejects.toEqual(refused);
  });

  test('refuses a prefix without its slash', async () => {
    await expect(store.list('a')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test('an aborted get rejects with the reason of the signal', async () => {
    await store.put('a', randomBytes(2 ** 20));
    const reason = new Error('deadline');
    await expect(store.get('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const getting = store.get('a', { signal: controller.signal });
    controller.abort(reason);
    await expect(getting).rejects.toBe(reason);
    expect((await store.get('a', { signal: new AbortController().signal }))?.body).toHaveLength(2 ** 20);
  });
}
