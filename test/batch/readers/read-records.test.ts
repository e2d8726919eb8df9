import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { InputChanged } from '../../../lib/batch/input-changed.js';
import { splitLines } from '../../../lib/batch/readers/split-records.js';
import { ModeletError } from '../../../lib/core/errors.js';
import { memoryInput, readAll, shown } from './memory-input.js';

async function rows(key: string, content: Uint8Array | string, mediaTypes?: readonly string[]): Promise<unknown[]> {
  const { records, error } = await readAll(memoryInput(key, content), mediaTypes);
  expect(error).toBeUndefined();
  return records.map(shown);
}

test('blank lines that follow each other are passed over as one: a small gzip of them is no day of work', async () => {
  const blank = Buffer.from('\n \r\n\t\n'.repeat(10_000));
  let slices = 0;
  for await (const _ of splitLines(memoryInput('a', blank).open(), 0)) slices++;
  expect(slices).toBeLessThan(5);
  for (const chunk of [1, 7, 65_536]) {
    const { records } = await readAll(memoryInput('a.txt', `\n \n\n a\n\r\n\n\n  b \n \n`, { chunk }));
    expect(records.map(shown)).toEqual([
      { index: 0, instance: ' a' },
      { index: 1, instance: '  b ' },
    ]);
  }
});

describe('an instance a line', () => {
  test('bare or with an id, whatever ends the lines', async () => {
    const content =
      '{"text":"a"}\r\n\n[1,2]\n  \n{"id":"x","instance":{"b64":"aGk="}}\n{"id":7,"instance":[[1]]}\n{"id":null,"instance":3}';
    const expected = [
      { index: 0, instance: { text: 'a' } },
      { index: 1, instance: [1, 2] },
      { index: 2, id: 'x', instance: 'hi' },
      { index: 3, id: 7, instance: [[1]] },
      { index: 4, instance: 3 },
    ];
    for (const key of ['a.jsonl', 'a.NDJSON', 'deep/er.v2.jsonl']) expect(await rows(key, content)).toEqual(expected);
    expect(await rows('a.jsonl.gz', gzipSync(content))).toEqual(expected);
    expect(await rows('a.jsonl', `\uFEFF${content}`)).toEqual(expected);
  });

  test('an id whose digits a number does not hold is refused, not changed', async () => {
    const content =
      '{"id":9007199254740993,"instance":1}\n{"id":1e999,"instance":1}\n{"id":-9007199254740991,"instance":1}\n';
    expect(await rows('a.jsonl', content)).toEqual([
      { index: 0, code: 'INVALID_INPUT' },
      { index: 1, code: 'INVALID_INPUT' },
      { index: 2, id: -9007199254740991, instance: 1 },
    ]);
  });

  test('a broken line is an error row, with its id where it can be read', async () => {
    const lines = [
      '{"text":',
      '"text"',
      '{"id":"x","instance":"text"}',
      '{"id":[],"instance":[1]}',
      '{"id":"y","instance":[1],"label":2}',
      '{"b64":"?"}',
      `${'['.repeat(65)}${']'.repeat(65)}`,
      '[1]',
    ];
    expect(await rows('a.jsonl', lines.join('\n'))).toEqual([
      { index: 0, code: 'INVALID_INPUT' },
      { index: 1, code: 'INVALID_INPUT' },
      { index: 2, id: 'x', code: 'INVALID_INPUT' },
      { index: 3, code: 'INVALID_INPUT' },
      { index: 4, id: 'y', code: 'INVALID_INPUT' },
      { index: 5, code: 'INVALID_INPUT' },
      { index: 6, code: 'INVALID_INPUT' },
      { index: 7, instance: [1] },
    ]);
  });

  test('what is not UTF-8 is an error row; UTF-16 is refused as a whole', async () => {
    const latin1 = Buffer.from('{"text":"caf\xe9"}\n{"text":"tea"}\n', 'latin1');
    expect(await rows('a.jsonl', latin1)).toEqual([
      { index: 0, code: 'INVALID_INPUT' },
      { index: 1, instance: { text: 'tea' } },
    ]);
    const { records, error } = await readAll(memoryInput('a.jsonl', Buffer.from('\uFEFF[1]\n', 'utf16le')));
    expect(records).toEqual([]);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('UTF-16') });
  });

  test('a line over the limit is passed over', async () => {
    const long = `"${'x'.repeat(4_500_000)}"`;
    expect(await rows('a.jsonl', `[1]\n${long}\n[2]\n${long}`)).toEqual([
      { index: 0, instance: [1] },
      { index: 1, code: 'PAYLOAD_TOO_LARGE' },
      { index: 2, instance: [2] },
      { index: 3, code: 'PAYLOAD_TOO_LARGE' },
    ]);
  });
});

describe('texts', () => {
  test('are the lines of a .txt, for a model that takes text', async () => {
    expect(await rows('a.txt', '\uFEFFgood\r\n\nso "so"\n bad ')).toEqual([
      { index: 0, instance: 'good' },
      { index: 1, instance: 'so "so"' },
      { index: 2, instance: ' bad ' },
    ]);
    const { error } = await readAll(memoryInput('a.txt', 'good'), ['image/png']);
    expect(error).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });
});

describe('an array', () => {
  test('has an instance an element', async () => {
    const content = ' [ {"text":"],[\\"{"} ,\n[1,[2]], {"id":"x","instance":[3]},4 ] \n';
    const expected = [
      { index: 0, instance: { text: '],["{' } },
      { index: 1, instance: [1, [2]] },
      { index: 2, id: 'x', instance: [3] },
      { index: 3, instance: 4 },
    ];
    expect(await rows('a.json', content)).toEqual(expected);
    expect(await rows('a.json', `\uFEFF${content}`)).toEqual(expected);
    expect(await rows('a.json.gz', gzipSync(content))).toEqual(expected);
    for (const none of ['[]', ' [ ] ', ' \n']) expect(await rows('a.json', none)).toEqual([]);
  });

  test('a broken element costs only itself', async () => {
    const long = `"${'x,[]'.repeat(1_200_000)}"`;
    expect(await rows('a.json', `[[1],nonsense,[1}},,${long},[2],]`)).toEqual([
      { index: 0, instance: [1] },
      { index: 1, code: 'INVALID_INPUT' },
      { index: 2, code: 'INVALID_INPUT' },
      { index: 3, code: 'INVALID_INPUT' },
      { index: 4, code: 'PAYLOAD_TOO_LARGE' },
      { index: 5, instance: [2] },
      { index: 6, code: 'INVALID_INPUT' },
    ]);
  });

  test.each([
    ['{"instances":[[1]]}', 0, 'is no array'],
    ['nonsense', 0, 'is no array'],
    ['[[1],[2]', 1, 'ends within'],
    ['[[1],"2', 1, 'ends within'],
    ['[[1],"2,', 1, 'ends within'],
    ['[', 0, 'ends within'],
    ['[[1]] [[2]]', 1, 'goes on'],
  ])('%s is damaged behind %i records', async (content, count, why) => {
    const { records, error } = await readAll(memoryInput('a.json', content));
    expect(records).toHaveLength(count);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(why) });
  });
});

describe('a manifest', () => {
  const files = { 'files/m/a.png': Buffer.from('A'), 'files/m/b.txt': Buffer.from('B') };

  test('names objects, with an id or their key as it', async () => {
    const lines = [
      '"files/m/a.png"',
      '{"key":"files/m/b.txt","id":"b"}',
      '{"key":"files/m/gone.png","id":9}',
      '{"key":"files/m/a.zip"}',
      '{"file":"x.png"}',
      '{"key":"files/m/a.png","id":true}',
      '[]',
      'nonsense',
    ].join('\n');
    const expected = [
      { index: 0, id: 'files/m/a.png', instance: 'A' },
      { index: 1, id: 'b', instance: 'B' },
      { index: 2, id: 9, code: 'INVALID_INPUT' },
      { index: 3, id: 'files/m/a.zip', code: 'UNSUPPORTED_MEDIA_TYPE' },
      { index: 4, code: 'INVALID_INPUT' },
      { index: 5, code: 'INVALID_INPUT' },
      { index: 6, code: 'INVALID_INPUT' },
      { index: 7, code: 'INVALID_INPUT' },
    ];
    for (const [key, content] of [
      ['a.manifest.jsonl', Buffer.from(lines)],
      ['a.manifest.jsonl.gz', gzipSync(lines)],
    ] as const) {
      const { records, error } = await readAll(memoryInput(key, content, { files }));
      expect(error).toBeUndefined();
      expect(records.map(shown)).toEqual(expected);
    }
  });

  test('a store that fails is no fault of the line', async () => {
    for (const fault of [new ModeletError('MODEL_UNAVAILABLE', 'no answer'), new InputChanged('deleted')]) {
      const input = { ...memoryInput('a.manifest.jsonl', '"files/m/a.png"\n'), file: () => Promise.reject(fault) };
      expect((await readAll(input)).error).toBe(fault);
    }
  });
});

describe('a single file', () => {
  test('is one record for a model that takes its kind', async () => {
    expect(await rows('a.PNG', 'png')).toEqual([{ index: 0, instance: 'png' }]);
    expect(await rows('a.jpeg.gz', gzipSync('jpeg'))).toEqual([{ index: 0, instance: 'jpeg' }]);
    expect(await rows('a.wav', '')).toEqual([{ index: 0, instance: '' }]);
    expect(await rows('a.csv', '1\n2\n', ['text/csv'])).toEqual([{ index: 0, instance: '1\n2\n' }]);
    expect((await readAll(memoryInput('a.png', 'png'), ['audio/wav'])).error).toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: 'a .png file came; this model takes .wav files',
    });
  });

  test('one over the limit is an error row, also where gzip hides its size', async () => {
    const large = Buffer.alloc(33 * 2 ** 20);
    const expected = [{ index: 0, code: 'PAYLOAD_TOO_LARGE' }];
    expect(await rows('a.png', large)).toEqual(expected);
    expect(await rows('a.png.gz', gzipSync(large))).toEqual(expected);
  });
});

describe('the name', () => {
  test.each(['a.bmp', 'a', 'a.jsonl.zst', 'jsonl', 'a.gz', 'a.zip.gz', 'a.jsonl.gz.gz'])(
    '%s is refused',
    async (key) => {
      const { records, error } = await readAll(memoryInput(key, '[1]\n'));
      expect(records).toEqual([]);
      expect(error).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
    },
  );
});

describe('an empty file', () => {
  test.each(['a.jsonl', 'a.csv', 'a.json', 'a.txt', 'a.zip', 'a.tar', 'a.manifest.jsonl'])(
    '%s has no records',
    async (key) => {
      expect(await rows(key, '')).toEqual([]);
    },
  );

  test.each(['a.jsonl.gz', 'a.csv.gz', 'a.tgz', 'a.png.gz'])('%s of 0 bytes is no gzip', async (key) => {
    expect((await readAll(memoryInput(key, ''))).error).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('one of nothing, packed, has no records either', async () => {
    for (const key of ['a.jsonl.gz', 'a.csv.gz', 'a.json.gz', 'a.tar.gz'])
      expect(await rows(key, gzipSync(''))).toEqual([]);
  });
});

describe('gzip', () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `[${index},${Math.sin(index)}]\n`).join('');

  test('of several members is read to the end; zeros behind it are passed over', async () => {
    const members = Buffer.concat([gzipSync('[1]\n[2'), gzipSync('3]\n'), Buffer.alloc(512)]);
    expect(await rows('a.jsonl.gz', members)).toEqual([
      { index: 0, instance: [1] },
      { index: 1, instance: [23] },
    ]);
  });

  test('cut off, all whole lines before the cut are read, then it fails', async () => {
    const whole = gzipSync(lines);
    const counts: number[] = [];
    for (const chunk of [97, 4096, 1e6]) {
      const { records, error } = await readAll(
        memoryInput('a.jsonl.gz', whole.subarray(0, whole.length - 9), { chunk }),
      );
      expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('gzip') });
      expect(records.at(-1)).toMatchObject({ instance: { kind: 'numbers' } });
      counts.push(records.length);
    }
    // The last line is whole but for what would say so.
    expect(counts).toEqual([5000, 5000, 5000]);
  });

  test('with a wrong checksum fails after its lines', async () => {
    const whole = gzipSync(lines);
    whole.writeUInt32LE(0, whole.length - 8);
    const { records, error } = await readAll(memoryInput('a.jsonl.gz', whole));
    // Node gives up the 16 KiB in which it finds the damage.
    expect(records.length).toBeGreaterThan(4000);
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('a store that fails while the input is read', () => {
  test.each(['a.jsonl', 'a.jsonl.gz', 'a.csv', 'a.json', 'a.tar', 'a.tgz', 'a.zip'])(
    '%s: its error is passed on',
    async (key) => {
      const fault = new ModeletError('MODEL_UNAVAILABLE', 'no answer');
      const input = {
        ...memoryInput(key, Buffer.alloc(10_000)),
        // biome-ignore lint/correctness/useYield: a stream that breaks off at once
        open: async function* (): AsyncGenerator<Uint8Array> {
          throw fault;
        },
      };
      expect((await readAll(input)).error).toBe(fault);
    },
  );
});
