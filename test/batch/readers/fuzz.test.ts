import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ModeletError } from '../../../lib/core/errors.js';
import { makeTar, makeZip } from './make-archive.js';
import { memoryInput, readAll } from './memory-input.js';

const files = ['a.png', 'folder/b.txt', 'c.zip', '../d.png'].map((name) => ({ name, content: `${name} `.repeat(20) }));
const lines = '{"id":"x","instance":{"text":"a"}}\n[1,2]\n\n"files/m/a.png"\n{"b64":"aGk="}\n';
const table = 'id,text\n1,"so ""good"",\nreally"\n2,"x"\n3,4\n';

const originals: Readonly<Record<string, () => Buffer | Promise<Buffer>>> = {
  'a.jsonl': () => Buffer.from(lines),
  'a.jsonl.gz': () => gzipSync(lines),
  'a.manifest.jsonl': () => Buffer.from(lines),
  'a.txt': () => Buffer.from(lines),
  'a.json': () => Buffer.from('[{"text":"a\\""},[1,[2]],{"id":1,"instance":3}, "x"]'),
  'a.csv': () => Buffer.from(table),
  'a.csv.gz': () => gzipSync(table),
  'a.zip': () => makeZip(files),
  'a.tar': () => makeTar(files.map(({ name, content }) => [{ name }, content])),
  'a.tgz': async () => gzipSync(await makeTar(files.map(({ name, content }) => [{ name }, content]))),
};

/** What goes wrong with bytes: some are others, some are missing, some come twice. */
const damage = fc.oneof(
  fc.record({ at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }), cut: fc.nat(8) }),
  fc.record({
    at: fc.nat(),
    bytes: fc.constantFrom(Buffer.alloc(0), Buffer.from('PK\x01\x02'), Buffer.from('"')),
    cut: fc.nat(600),
  }),
);

describe('damaged bytes', () => {
  test.each(Object.entries(originals))('of %s are rows or one error, and end', async (key, original) => {
    const content = await original();
    const property = fc.asyncProperty(
      fc.array(damage, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5000 }),
      async (damages, chunk) => {
        let bytes = content;
        for (const { at, bytes: others, cut } of damages) {
          const place = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, place), others, bytes.subarray(place + cut)]);
        }
        const { records, error } = await readAll(memoryInput(key, bytes, { chunk }));
        for (const record of records) {
          if ('error' in record) expect(record.error).toBeInstanceOf(ModeletError);
        }
        if (error !== undefined) expect(error).toMatchObject({ name: 'ModeletError', code: 'INVALID_INPUT' });
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test.each(Object.keys(originals))('that are no %s at all, too', async (key) => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      const { error } = await readAll(memoryInput(key, bytes));
      if (error !== undefined) expect(error).toMatchObject({ name: 'ModeletError', code: 'INVALID_INPUT' });
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
