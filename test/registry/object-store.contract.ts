import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ObjectStore, ObjectStream, PutCondition, ReadOptions } from '../../lib/core/object-store.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
}

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

  test('stat tells what an object is and when it was written', async () => {
    const before = Date.now();
    const etag = await store.put('a/b', bytes('content'));
    const found = await store.stat('a/b');
    expect(found).toEqual({ etag, bytes: 7, modified: expect.anything() });
    // S3 knows whole seconds.
    expect(found?.modified.getTime()).toBeGreaterThanOrEqual(before - 1000);
    expect(found?.modified.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    expect(await store.stat('a/none')).toBeUndefined();
    expect(await store.stat('a')).toBeUndefined();
  });

  describe('read', () => {
    const opened = async (key: string, options?: ReadOptions): Promise<ObjectStream> => {
      const stream = await store.read(key, options);
      if (stream === undefined || stream === 'changed') throw new Error(`no stream of ${key}: ${stream}`);
      return stream;
    };
    const bytesOf = async (key: string, options?: ReadOptions) => all((await opened(key, options)).body);

    test.each<[string, ReadOptions, string]>([
      ['all of it', {}, '0123456789'],
      ['a start', { start: 7 }, '789'],
      ['an end', { end: 3 }, '012'],
      ['both', { start: 2, end: 5 }, '234'],
      ['one byte', { start: 9, end: 10 }, '9'],
      ['an end beyond the size', { start: 8, end: 1000 }, '89'],
      ['a start at the size', { start: 10 }, ''],
      ['a start beyond the size', { start: 11, end: 20 }, ''],
      ['nothing in between', { start: 4, end: 4 }, ''],
    ])('%s', async (_, range, text) => {
      const etag = await store.put('a/digits', bytes('0123456789'));
      const stream = await opened('a/digits', { ...range, ...(etag !== undefined && { etag }) });
      expect(stream).toMatchObject({ etag, bytes: 10 });
      expect((await all(stream.body)).toString()).toBe(text);
    });

    test('an empty object', async () => {
      const etag = (await store.put('empty', bytes(''))) ?? '';
      for (const range of [{}, { start: 0, end: 5 }, { start: 3 }, { etag }]) {
        const stream = await opened('empty', range);
        expect(stream).toMatchObject({ etag, bytes: 0 });
        expect(await all(stream.body)).toHaveLength(0);
      }
    });

    test('only the object of that etag', async () => {
      const etag = (await store.put('a', bytes('one'))) ?? '';
      expect((await bytesOf('a', { etag })).toString()).toBe('one');
      await store.put('a', bytes('other'));
      for (const range of [{}, { start: 1, end: 2 }, { start: 100 }, { start: 1, end: 1 }]) {
        expect(await store.read('a', { ...range, etag })).toBe('changed');
        expect(await store.read('none', { ...range, etag })).toBeUndefined();
        expect(await store.read('none', range)).toBeUndefined();
      }
      await store.delete('a');
      expect(await store.read('a', { etag })).toBeUndefined();
    });

    test('stays with the version it began, also when that is replaced or deleted', async () => {
      const size = 2 ** 23;
      const etag = await store.put('a', Buffer.alloc(size, 1));
      const [replaced, deleted] = [await opened('a'), await opened('a', { start: 5 })];
      const chunks = replaced.body[Symbol.asyncIterator]();
      const first = (await chunks.next()).value as Uint8Array;
      await store.put('a', Buffer.alloc(size, 2));
      await store.delete('a');
      const rest = await all({ [Symbol.asyncIterator]: () => chunks });
      expect(replaced.etag).toBe(etag);
      expect(first.length + rest.length).toBe(size);
      expect(rest.equals(Buffer.alloc(rest.length, 1))).toBe(true);
      expect((await all(deleted.body)).equals(Buffer.alloc(size - 5, 1))).toBe(true);
    });

    test('can be left in the middle', async () => {
      await store.put('a', Buffer.alloc(2 ** 23, 1));
      const { body } = await opened('a');
      for await (const chunk of body) {
        expect(chunk.length).toBeLessThanOrEqual(2 ** 20);
        break;
      }
      expect(await all(body)).toHaveLength(0);
    });

    test('a hundred that nobody reads are closed without harm', async () => {
      await store.put('a', randomBytes(2 ** 18));
      for (let i = 0; i < 100; i++) await (await opened('a')).body[Symbol.asyncIterator]().return?.();
      expect(await bytesOf('a')).toHaveLength(2 ** 18);
    });

    test('ends with the reason of the signal', async () => {
      await store.put('a', Buffer.alloc(2 ** 24));
      const reason = new Error('deadline');
      await expect(store.read('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const controller = new AbortController();
      const { body } = await opened('a', { signal: controller.signal });
      const chunks = body[Symbol.asyncIterator]();
      await chunks.next();
      controller.abort(reason);
      await expect(all({ [Symbol.asyncIterator]: () => chunks })).rejects.toBe(reason);
    });
  });

  describe('readInto', () => {
    const size = 2 ** 20 + 3;
    const content = randomBytes(size);

    test.each([
      ['all of it', 0, size],
      ['the beginning', 0, 10],
      ['the middle', 1000, 100_000],
      ['the end', size - 5, 5],
      ['no room', 3, 0],
    ])('%s, one after the other and together', async (_, start, length) => {
      const etag = await store.put('a', content);
      const expected = content.subarray(start, start + length);
      const filled = async (): Promise<void> => {
        const into = new Uint8Array(length);
        expect(await store.readInto('a', into, { start })).toEqual({ etag, bytes: size });
        expect(Buffer.compare(into, expected)).toBe(0);
      };
      await filled();
      await filled();
      await Promise.all(Array.from({ length: 5 }, filled));
    });

    test('fills nothing but its room, and tells of an object that ends before', async () => {
      const etag = await store.put('a', content);
      const room = new Uint8Array(30);
      expect(await store.readInto('a', room.subarray(10, 20), { start: 4 })).toMatchObject({ etag });
      expect(Buffer.compare(room.subarray(10, 20), content.subarray(4, 14))).toBe(0);
      expect([...room.subarray(0, 10), ...room.subarray(20)]).toEqual(Array(20).fill(0));
      const short = new Uint8Array(10);
      expect(await store.readInto('a', short, { start: size - 2 })).toEqual({ etag, bytes: size });
      expect([...short]).toEqual([...content.subarray(-2), ...Array(8).fill(0)]);
    });

    test('only the object of that etag, and none where there is none', async () => {
      const etag = (await store.put('a', content)) ?? '';
      await store.put('a', bytes('other'));
      expect(await store.readInto('a', new Uint8Array(2), { etag })).toBe('changed');
      expect(await store.readInto('none', new Uint8Array(2))).toBeUndefined();
    });

    test('ends with the reason of the signal', async () => {
      await store.put('a', content);
      const reason = new Error('deadline');
      const signal = AbortSignal.abort(reason);
      await expect(store.readInto('a', new Uint8Array(2), { signal })).rejects.toBe(reason);
    });
  });

  describe('a streamed put', () => {
    /** In pieces of a size, and how often it was opened. */
    const streamed = (body: Buffer, piece: number, said = body.length) => {
      let opened = 0;
      async function* open() {
        opened++;
        for (let at = 0; at < body.length; at += piece) {
          await sleep(0);
          yield new Uint8Array(body.subarray(at, at + piece));
        }
      }
      return { bytes: said, open, opened: () => opened };
    };

    test.each([
      ['nothing', 0, 1],
      ['one byte', 1, 1],
      ['many small pieces', 2000, 7],
      ['one large piece', 3_000_000, 3_000_000],
      ['several', 12_345_678, 2 ** 20],
    ])('has the etag of the same bytes put whole: %s', async (_, size, piece) => {
      const body = randomBytes(size);
      const stream = streamed(body, piece);
      const etag = await store.put('a/stream', stream);
      expect(stream.opened()).toBe(1);
      expect(etag).toEqual(expect.any(String));
      const object = await store.get('a/stream');
      expect(object?.etag).toBe(etag);
      expect(Buffer.from(object?.body ?? []).equals(body)).toBe(true);
      expect(await store.put('a/whole', body)).toBe(etag);
    });

    test('writes only where its condition holds', async () => {
      const put = (text: string, condition?: PutCondition) => store.put('a', streamed(Buffer.from(text), 2), condition);
      const first = (await put('one', { ifAbsent: true })) ?? '';
      expect(await put('two', { ifAbsent: true })).toBeUndefined();
      const second = (await put('two', { ifMatch: first })) ?? '';
      expect(second).not.toBe('');
      expect(await put('three', { ifMatch: first })).toBeUndefined();
      expect(await textAt('a')).toBe('two');
      expect(await store.put('none', streamed(Buffer.from('x'), 1), { ifMatch: second })).toBeUndefined();
      expect(await store.get('none')).toBeUndefined();
    });

    test.each([-1, 1, -500_000, 500_000])(
      'of a size that is off by %d: an error, and nothing is written',
      async (off) => {
        const body = randomBytes(1_000_000);
        const etag = await store.put('a', bytes('before'));
        const wrong = { code: 'MODEL_UNAVAILABLE', message: expect.stringMatching(/bytes was to be written, but/) };
        await expect(store.put('a', streamed(body, 65_536, body.length + off))).rejects.toMatchObject(wrong);
        await expect(
          store.put('b/c', streamed(body, 65_536, body.length + off), { ifAbsent: true }),
        ).rejects.toMatchObject(wrong);
        expect(await store.get('a')).toMatchObject({ etag });
        expect(await store.list('')).toEqual(['a']);
      },
    );

    test.each([0, 1, 100])(
      'whose source fails after %d pieces: its own error, and nothing is written',
      async (pieces) => {
        const failure = new Error('the source broke');
        async function* open() {
          for (let i = 0; i < pieces; i++) yield randomBytes(10_000);
          throw failure;
        }
        await expect(store.put('a', { bytes: 2_000_000, open })).rejects.toBe(failure);
        expect(await store.list('')).toEqual([]);
      },
    );

    test('asks its source for no more than the store takes, and closes it', async () => {
      let given = 0;
      let closed = false;
      async function* open() {
        try {
          for (; ; given++) yield Buffer.alloc(2 ** 16);
        } finally {
          closed = true;
        }
      }
      await expect(store.put('a', { bytes: 2 ** 20, open })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
      expect(given).toBeLessThan(20);
      expect(closed).toBe(true);
    });
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
  });

  test('deletes once whoever else deletes the same at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      await store.put('a/b', bytes('one'));
      await Promise.all(Array.from({ length: 8 }, () => store.delete('a/b')));
      expect(await store.stat('a/b')).toBeUndefined();
    }
  });

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

  test.each(['größe/日本語 モデル.json', '🎈/✓ 100 % + a&b=c?d#e.txt', "it's (a) [key]*~!;:@$,", '..a/.b/c...'])(
    'takes the key %s',
    async (key) => {
      await store.put(key, bytes(key));
      expect(await textAt(key)).toBe(key);
      const parts = key.split('/');
      for (const [depth, part] of parts.entries()) {
        const above = parts.slice(0, depth).map((name) => `${name}/`);
        expect(await store.list(above.join(''))).toEqual([depth < parts.length - 1 ? `${part}/` : part]);
      }
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
