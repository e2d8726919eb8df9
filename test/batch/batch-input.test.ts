import { beforeEach, describe, expect, test } from '@jest/globals';
import { batchInput } from '../../lib/batch/batch-input.js';
import { InputChanged } from '../../lib/batch/input-changed.js';
import { maxFileBytes } from '../../lib/batch/record.js';
import { ModeletError } from '../../lib/core/errors.js';
import type { ObjectInfo, ObjectStore } from '../../lib/core/object-store.js';
import { memoryStore } from '../support/memory-store.js';

const path = 'inbox/m/a.bin';
const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));

let data: ObjectStore;
beforeEach(async () => {
  data = memoryStore(100);
  await data.put(path, bytes);
});

const open = async (store = data, onBytes: (count: number) => void = () => undefined) =>
  batchInput(store, 'm', 'a.bin', (await data.stat(path)) as ObjectInfo, onBytes);

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** A store whose streams break off after so many chunks, `times` times. */
function breaking(chunks: number, times: number): ObjectStore {
  let left = times;
  return {
    ...data,
    read: async (key, options) => {
      const found = await data.read(key, options);
      if (found === undefined || found === 'changed') return found;
      async function* body(source: AsyncIterable<Uint8Array>) {
        let count = 0;
        for await (const chunk of source) {
          if (count++ === chunks && left-- > 0) throw new ModeletError('MODEL_UNAVAILABLE', 'broke off');
          yield chunk;
        }
      }
      return { ...found, body: body(found.body) };
    },
  };
}

describe('the bytes of an upload', () => {
  test('all, and those of a range; each is counted once', async () => {
    let counted = 0;
    const input = await open(data, (count) => {
      counted += count;
    });
    expect((await all(input.open())).equals(bytes)).toBe(true);
    expect((await all(input.open(250, 777))).equals(bytes.subarray(250, 777))).toBe(true);
    expect(counted).toBe(1000 + 527);
  });

  test('a stream that breaks off goes on where it was', async () => {
    const input = await open(breaking(2, 100));
    expect((await all(input.open())).equals(bytes)).toBe(true);
  });

  test('one that brings nothing any more is given up', async () => {
    const input = await open(breaking(0, 100));
    await expect(all(input.open())).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });

  test.each([
    ['replaced', () => data.put(path, Buffer.alloc(1000))],
    ['deleted', () => data.delete(path)],
  ] as const)('an upload that was %s is not read on', async (now, change) => {
    const input = await open(breaking(3, 1));
    const reading = (async () => {
      for await (const _ of input.open()) await change();
    })();
    await expect(reading).rejects.toEqual(new InputChanged(now));
  });
});

describe('a file that a manifest names', () => {
  test('is no larger than a record may be', async () => {
    await data.put('files/m/large.png', Buffer.alloc(maxFileBytes + 1));
    const input = await open();
    await expect(input.file('files/m/large.png')).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringMatching(/one record has at most/),
    });
  });
  test('is read below files/<model>/ only', async () => {
    await data.put('files/m/x.png', Buffer.from('x'));
    const input = await open();
    expect(Buffer.from(await input.file('files/m/x.png')).toString()).toBe('x');
    for (const [key, why] of [
      ['files/m/none.png', /there is no/],
      ['files/other/x.png', /not below files\/m\//],
      ['inbox/m/a.bin', /not below files\/m\//],
      ['files/m/../../inbox/m/a.bin', /no "\." or "\.\." part/],
    ] as const) {
      await expect(input.file(key)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(why),
      });
    }
  });
});
