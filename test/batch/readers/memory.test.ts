import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readRecords } from '../../../lib/batch/readers/read-records.js';
import { type BatchInput, beginning } from '../../../lib/batch/record.js';
import { memoryInput } from './memory-input.js';

const megabyte = 2 ** 20;
/** What reading may take beyond what the process has: a part of the 200 MB that a batch run may take. */
const bound = 160 * megabyte;

const image = Buffer.alloc(3000, 'modelet').toString('base64');
const jsonLines = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => `{"id":${index},"instance":{"b64":"${image}"}}\n`).join(''));

/** An input as a store sends it: every chunk is a new buffer, made when it is asked for. */
function streamed(key: string, parts: Iterable<Uint8Array>): BatchInput {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      for (let at = 0; at < part.length; at += 65_536) yield Buffer.from(part.subarray(at, at + 65_536));
    }
  };
  return { ...memoryInput(key, ''), bytes: Number.MAX_SAFE_INTEGER, open };
}

function* repeat(part: Uint8Array, times: number): Iterable<Uint8Array> {
  for (let count = 0; count < times; count++) yield part;
}

/** @returns how many records there were, and by how much the process grew meanwhile, in bytes */
async function measure(input: BatchInput): Promise<{ records: number; errors: number; grown: number }> {
  const before = process.memoryUsage.rss();
  let peak = before;
  let [records, errors] = [0, 0];
  for await (const record of readRecords(input, { mediaTypes: ['image/png'], task: 'radar@1' }, beginning)) {
    if ('error' in record) errors++;
    if (++records % 100 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  return { records, errors, grown: Math.max(peak, process.memoryUsage.rss()) - before };
}

describe('memory stays flat', () => {
  const block = jsonLines(1000);

  test('over hundreds of MB of lines, one of which has 100 MB', async () => {
    const long = function* (): Iterable<Uint8Array> {
      yield* repeat(block, 40);
      yield* repeat(Buffer.alloc(megabyte, 'x'), 100);
      yield Buffer.from('\n');
      yield* repeat(block, 40);
    };
    const { records, errors, grown } = await measure(streamed('a.jsonl', long()));
    expect({ records, errors }).toEqual({ records: 80_001, errors: 1 });
    expect(grown).toBeLessThan(bound);
  });

  test('over an array of hundreds of MB', async () => {
    const array = function* (): Iterable<Uint8Array> {
      yield Buffer.from('[');
      for (const part of repeat(block, 25))
        yield Buffer.from(Buffer.from(part).toString('latin1').replaceAll('\n', ','));
      yield Buffer.from('1]');
    };
    const { records, grown } = await measure(streamed('a.json', array()));
    expect(records).toBe(25_001);
    expect(grown).toBeLessThan(bound);
  });

  test('over a gzip of which a kilobyte makes a megabyte', async () => {
    const member = gzipSync(`[1]${' '.repeat(996)}\n`.repeat(10_000));
    expect(member.length).toBeLessThan(40_000);
    const { records, grown } = await measure(streamed('a.jsonl.gz', repeat(member, 20)));
    expect(records).toBe(200_000);
    expect(grown).toBeLessThan(bound);
  });
});
