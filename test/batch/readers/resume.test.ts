import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { beginning } from '../../../lib/batch/record.js';
import { makeTar, makeZip } from './make-archive.js';
import { memoryInput, readAll, shown } from './memory-input.js';

/** Lines as uploads have them: instances, ids, what is broken, what is blank. */
const jsonLine = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 3 }).map((row) => JSON.stringify(row)),
  fc.record({ id: fc.string(), instance: fc.object({ maxDepth: 1 }) }).map((line) => JSON.stringify(line)),
  fc.string().map((text) => text.replaceAll('\n', '')),
  fc.constantFrom('', '  ', '"files/m/a.png"', '{"key":"files/m/b.txt","id":"ä"}'),
);
const lines = fc
  .tuple(fc.array(jsonLine, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean())
  .map(([all, end, last, marked]) => `${marked ? '\uFEFF' : ''}${all.join(end)}${last ? end : ''}`);
const elements = fc
  .tuple(
    fc.array(fc.oneof(fc.json({ maxDepth: 2 }), fc.constantFrom('nonsense', '', '{]}')), { maxLength: 8 }),
    fc.constantFrom(',', ' ,\n'),
    fc.constantFrom(']', ' ] \n', ''),
  )
  .map(([all, comma, end]) => ` [${all.join(comma)}${end}`);
const cell = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom('', '"a"', '"a,b"', '"a\n\nb"', '"a ""b"""', '"open', 'x"y', '"x"y', 'ä'),
);
const table = fc
  .tuple(
    fc.constantFrom('id,x', 'text,x', 'x,y', '"x",y'),
    fc.array(fc.array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 10 }),
    fc.constantFrom('\n', '\r\n', '\n\n'),
  )
  .map(([head, rows, end]) => [head, ...rows.map((row) => row.join())].join(end));
const files = fc.array(
  fc.record({
    name: fc.constantFrom('a.png', 'b.txt', '../c.png', '.d.png', 'e.zip', 'f/', 'f/g.jpg'),
    content: fc.string({ unit: 'binary', maxLength: 40 }),
  }),
  { maxLength: 6 },
);

const text = (arbitrary: fc.Arbitrary<string>) => arbitrary.map((content) => Buffer.from(content));
const tar = files.map((all) => makeTar(all.map(({ name, content }) => [{ name }, content])));

const formats: Readonly<Record<string, fc.Arbitrary<Buffer | Promise<Buffer>>>> = {
  'a.jsonl': text(lines),
  'a.jsonl.gz': text(lines).map((bytes) => gzipSync(bytes)),
  'a.manifest.jsonl': text(lines),
  'a.txt': text(lines),
  'a.json': text(elements),
  'a.csv': text(table),
  'a.csv.gz': text(table).map((bytes) => gzipSync(bytes)),
  'a.zip': files.map((all) => makeZip(all)),
  'a.tar': tar,
  'a.tgz': tar.map(async (bytes) => gzipSync(await bytes)),
  'a.png': text(fc.string()),
};

const named = { 'files/m/a.png': Buffer.from('A'), 'files/m/b.txt': Buffer.from('B') };

describe('whatever is in it and however its bytes come', () => {
  test.each(Object.entries(formats))('%s can be entered again before each of its records', async (key, arbitrary) => {
    const property = fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 50 }), async (made, chunk) => {
      const content = await made;
      const whole = await readAll(memoryInput(key, content, { files: named }));
      expect(whole.records.map(({ index }) => index)).toEqual(whole.records.map((_, index) => index));
      const places = [beginning, ...whole.records.map(({ next }) => next)];
      for (const [count, place] of places.entries()) {
        expect(place.index).toBe(count);
        const rest = await readAll(memoryInput(key, content, { chunk, files: named }), undefined, place);
        expect(rest.records.map(shown)).toEqual(whole.records.slice(count).map(shown));
        expect(rest.records.map(({ next }) => next)).toEqual(places.slice(count + 1));
        expect(String(rest.error)).toBe(String(whole.error));
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('a plain text is entered at a byte, not read again from its start', async () => {
    for (const [key, content] of [
      ['a.jsonl', '[1]\n[2]\n[3]\n'],
      ['a.json', '[[1],[2],[3]]'],
      ['a.txt', 'one\ntwo\nthree\n'],
      ['a.csv', 'x\n1\n2\n3\n'],
    ] as const) {
      const { records } = await readAll(memoryInput(key, content));
      const place = records[1]?.next;
      expect(place?.offset).toBeGreaterThan(0);
      const input = memoryInput(key, content);
      const starts: (number | undefined)[] = [];
      const open = (start?: number, end?: number) => {
        starts.push(start);
        return input.open(start, end);
      };
      expect((await readAll({ ...input, open }, undefined, place)).records.map(shown)).toEqual(
        records.slice(2).map(shown),
      );
      expect(starts.at(-1)).toBe(place?.offset);
    }
  });
});
