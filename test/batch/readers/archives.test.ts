import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { zipSync } from 'fflate';
import { makeTar, makeZip, retype, type ZipEntry } from './make-archive.js';
import { memoryInput, type Outcome, readAll, shown } from './memory-input.js';

async function rows(key: string, content: Uint8Array, chunk = 1000): Promise<unknown[]> {
  const { records, error } = await readAll(memoryInput(key, content, { chunk }));
  expect(error).toBeUndefined();
  return records.map(shown);
}

const names = [
  'b.png',
  'folder/a.JPG',
  'text.txt',
  'folder/inner.zip',
  'data.jsonl',
  '../outside.png',
  'a/../../outside.png',
  '/etc/absolute.png',
  'C:/drive.png',
  'back\\slash.png',
  '.hidden.png',
  '.cache/x.png',
  '__MACOSX/._b.png',
  './dotted.png',
  'straße.png',
];
const expected = [
  { index: 0, id: 'b.png', instance: 'b.png!' },
  { index: 1, id: 'folder/a.JPG', instance: 'folder/a.JPG!' },
  { index: 2, id: 'text.txt', instance: 'text.txt!' },
  { index: 3, id: 'folder/inner.zip', code: 'UNSUPPORTED_MEDIA_TYPE' },
  { index: 4, id: 'data.jsonl', code: 'UNSUPPORTED_MEDIA_TYPE' },
  { index: 5, id: '../outside.png', code: 'INVALID_INPUT' },
  { index: 6, id: 'a/../../outside.png', code: 'INVALID_INPUT' },
  { index: 7, id: '/etc/absolute.png', code: 'INVALID_INPUT' },
  { index: 8, id: 'C:/drive.png', code: 'INVALID_INPUT' },
  { index: 9, id: 'back\\slash.png', code: 'INVALID_INPUT' },
  { index: 10, id: './dotted.png', instance: './dotted.png!' },
  { index: 11, id: 'straße.png', instance: Buffer.from('straße.png!').toString('latin1') },
];

describe('a zip', () => {
  test('has an instance a file, whatever the names of the others', async () => {
    const content = makeZip([
      { name: 'folder/', content: '', method: 0 },
      ...names.map((name) => ({ name, content: `${name}!` })),
    ]);
    for (const chunk of [7, 1e6]) expect(await rows('a.zip', content, chunk)).toEqual(expected);
  });

  test('of another writer, stored or deflated, with many blocks between', async () => {
    const noise = Buffer.from(Array.from({ length: 900_000 }, (_, index) => (Math.sin(index) * 1e6) & 255));
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`${index}.png`, noise.subarray(index)]));
    for (const level of [0, 6] as const) {
      const { records, error } = await readAll(memoryInput('a.zip', zipSync(files, { level })));
      expect(error).toBeUndefined();
      const same = records.map(
        (record, index) =>
          'instance' in record &&
          record.instance.kind === 'file' &&
          noise.subarray(index).equals(record.instance.bytes),
      );
      expect(same).toEqual(Array.from({ length: 8 }, () => true));
    }
  });

  test('names are UTF-8 where they can be, whatever their flag says', async () => {
    const content = makeZip([{ name: 'straße.png', content: 'x', flags: 0 }]);
    expect(await rows('a.zip', content)).toEqual([{ index: 0, id: 'straße.png', instance: 'x' }]);
  });

  const bad: readonly (readonly [string, Omit<ZipEntry, 'name'>, string])[] = [
    ['encrypted', { content: 'x', flags: 0x801 }, 'encrypted'],
    ['of another method', { content: 'x', method: 12 }, 'method 12'],
    ['a symlink', { content: '/etc/passwd', attributes: (0o120777 << 16) >>> 0 }, 'symlink'],
    ['declared too small', { content: 'xxxx', size: 2 }, 'damaged'],
    ['declared too large', { content: 'xxxx', size: 9 }, 'damaged'],
    ['stored with another size', { content: 'xxxx', method: 0, size: 9 }, 'damaged'],
    ['with a wrong checksum', { content: 'x', crc: 1 }, 'checksum'],
    ['under two names', { content: 'x', local: { name: 'y.png' } }, 'disagree'],
    ['of two sizes', { content: 'x', local: { size: 2 } }, 'disagree'],
    ['of two methods', { content: 'x', local: { method: 0 } }, 'disagree'],
    ['larger than it may be', { content: 'x', size: 33 * 2 ** 20 }, 'make it smaller'],
  ];
  test.each(bad)('an entry %s is an error row', async (_, entry, why) => {
    const good = { name: 'b.png', content: 'b' };
    const { records, error } = await readAll(memoryInput('a.zip', makeZip([{ name: 'a.png', ...entry }, good])));
    expect(error).toBeUndefined();
    expect(records).toMatchObject([
      { index: 0, id: 'a.png', error: { message: expect.stringContaining(why) } },
      { index: 1, id: 'b.png', instance: { kind: 'file' } },
    ]);
  });

  test('whose files share their bytes is a bomb', async () => {
    const content = 'x'.repeat(100_000);
    const entries = Array.from({ length: 20 }, () => ({ name: 'a.png', content, shared: true as const }));
    const { records, error } = await readAll(memoryInput('a.zip', makeZip([{ name: 'a.png', content }, ...entries])));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('overlap') });
    expect(records.length).toBeLessThan(20);
  });

  test('bomb: an entry is unpacked no further than it says', async () => {
    const bomb = { name: 'a.png', content: Buffer.alloc(64 * 2 ** 20), size: 1000 };
    expect(await rows('a.zip', makeZip([bomb]))).toEqual([{ index: 0, id: 'a.png', code: 'INVALID_INPUT' }]);
  });

  test('that is none, is cut off, or whose directory is damaged fails as a whole', async () => {
    const whole = makeZip(names.map((name) => ({ name, content: name })));
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(0, whole.lastIndexOf('PK\x01\x02'));
    const few: Outcome[] = [];
    for (const content of [Buffer.from('no zip'), whole.subarray(0, -100), damaged]) {
      const outcome = await readAll(memoryInput('a.zip', content));
      expect(outcome.error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('zip') });
      few.push(outcome);
    }
    // What stands before the damage was read.
    expect(few.map(({ records }) => records.length)).toEqual([0, 0, expected.length - 1]);
  });
});

describe('a tar', () => {
  test('has an instance a file, whatever the names of the others', async () => {
    const content = await makeTar([
      [{ name: 'folder', type: 'directory' }],
      ...names.map((name) => [{ name }, `${name}!`] as const),
    ]);
    for (const chunk of [97, 1e6]) {
      expect(await rows('a.tar', content, chunk)).toEqual(expected);
      expect(await rows('a.tgz', gzipSync(content), chunk)).toEqual(expected);
      expect(await rows('a.tar.gz', gzipSync(content), chunk)).toEqual(expected);
    }
  });

  test('what is no file is an error row; names may be long, but not endless', async () => {
    const long = `${'long/'.repeat(60)}a.png`;
    const content = await makeTar([
      [{ name: 'link.png', type: 'symlink', linkname: '/etc/passwd' }],
      [{ name: 'hard.png', type: 'link', linkname: 'link.png' }],
      [{ name: 'device.png', type: 'character-device' }],
      [{ name: 'pipe.png', type: 'fifo' }],
      [{ name: long }, 'long'],
      [{ name: `${'x'.repeat(2000)}.png` }, 'endless'],
      [{ name: 'last.png' }, 'last'],
    ]);
    expect(await rows('a.tar', content)).toEqual([
      { index: 0, id: 'link.png', code: 'INVALID_INPUT' },
      { index: 1, id: 'hard.png', code: 'INVALID_INPUT' },
      { index: 2, id: 'device.png', code: 'INVALID_INPUT' },
      { index: 3, id: 'pipe.png', code: 'INVALID_INPUT' },
      { index: 4, id: long, instance: 'long' },
      { index: 5, id: 'x'.repeat(1024), code: 'INVALID_INPUT' },
      { index: 6, id: 'last.png', instance: 'last' },
    ]);
    const sparse = retype(
      await makeTar([
        [{ name: 'sparse.png' }, 'x'],
        [{ name: 'b.png' }, 'b'],
      ]),
      0,
      'S',
    );
    expect(await rows('a.tar', sparse)).toEqual([
      { index: 0, id: 'sparse.png', code: 'INVALID_INPUT' },
      { index: 1, id: 'b.png', instance: 'b' },
    ]);
  });

  test('an entry over the limit is passed over', async () => {
    const large = 'x'.repeat(33 * 2 ** 20);
    const content = await makeTar([
      [{ name: 'a.png' }, large],
      [{ name: 'b.png' }, 'b'],
    ]);
    const wanted = [
      { index: 0, id: 'a.png', code: 'PAYLOAD_TOO_LARGE' },
      { index: 1, id: 'b.png', instance: 'b' },
    ];
    expect(await rows('a.tar', content, 1 << 20)).toEqual(wanted);
    expect(await rows('a.tgz', gzipSync(content), 1 << 20)).toEqual(wanted);
  });

  test('cut off, it fails after what was whole', async () => {
    const whole = await makeTar(Array.from({ length: 9 }, (_, index) => [{ name: `${index}.png` }, 'x'.repeat(5000)]));
    for (const chunk of [10, 600, 1e6]) {
      for (const [key, pack] of [
        ['a.tar', (bytes: Buffer) => bytes],
        ['a.tgz', (bytes: Buffer) => gzipSync(bytes)],
      ] as const) {
        const cut = pack(whole.subarray(0, 7 * (512 + 5120) + 700));
        const { records, error } = await readAll(memoryInput(key, cut, { chunk }));
        expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('tar') });
        expect(records.map(({ id }) => id)).toEqual(Array.from({ length: 7 }, (_, index) => `${index}.png`));
      }
    }
  });

  test('in a gzip that is cut off, it fails after what was whole', async () => {
    const noise = (seed: number) =>
      Array.from({ length: 3000 }, (_, index) => String.fromCharCode((Math.sin(seed + index) * 1e6) & 127)).join('');
    const whole = gzipSync(
      await makeTar(Array.from({ length: 9 }, (_, index) => [{ name: `${index}.png` }, noise(index * 9999)])),
    );
    const counts: number[] = [];
    for (const chunk of [10, 999, 1e6]) {
      const { records, error } = await readAll(memoryInput('a.tgz', whole.subarray(0, whole.length - 200), { chunk }));
      expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('gzip') });
      counts.push(records.length);
    }
    expect(counts).toEqual([8, 8, 8]);
  });

  test('with a damaged header fails after what stands before it', async () => {
    const whole = await makeTar([
      [{ name: 'a.png' }, 'a'],
      [{ name: 'b.png' }, 'b'],
    ]);
    whole[1024 + 5] = 7;
    const { records, error } = await readAll(memoryInput('a.tar', whole));
    expect(records.map(({ id }) => id)).toEqual(['a.png']);
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('a bomb', () => {
  test('that holds no record is given up after a gigabyte', async () => {
    const blank = Buffer.alloc(2 ** 24, ' ');
    const member = gzipSync(blank, { level: 1 });
    const members = Buffer.concat(Array.from({ length: 80 }, () => member));
    const { records, error } = await readAll(memoryInput('a.jsonl.gz', members));
    expect(records).toEqual([]);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('no record') });
  });
});
