import { invalidInput } from '../../core/errors.js';
import type { BatchInput, Place, ReadRecords, RecordContext } from '../record.js';
import type { FormatReader, ReaderSource } from './found-record.js';
import { gunzip } from './gunzip.js';
import { type InputFormat, inputFormat } from './input-format.js';

/** Each with its library, which is loaded when the first such upload comes and not when a function starts. */
const readers: Readonly<Record<InputFormat, () => Promise<FormatReader>>> = {
  'json-lines': async () => (await import('./json-lines.js')).readJsonLines,
  'json-array': async () => (await import('./json-array.js')).readJsonArray,
  'csv-rows': async () => (await import('./csv-rows.js')).readCsvRows,
  'text-lines': async () => (await import('./text-lines.js')).readTextLines,
  manifest: async () => (await import('./manifest.js')).readManifest,
  zip: async () => (await import('./zip.js')).readZip,
  tar: async () => (await import('./tar.js')).readTar,
  file: async () => (await import('./read-file.js')).readFile,
};

/** Bytes without a record in them: a bomb, or nothing that anybody wants to be answered. */
const longestGap = 2 ** 30;

/**
 * The records of an upload. Memory: one record, what its format reads ahead (a block or two), and no more however long it is.
 * @throws INVALID_INPUT, UNSUPPORTED_MEDIA_TYPE for a bad input, after the records before the damage; what the store throws
 */
export const readRecords: ReadRecords = async function* (input, context, from) {
  for await (const { index, next, record } of findRecords(input, context, from)) {
    yield { index, id: undefined, next, ...(await record.read()) };
  }
};

/**
 * Where the records of an upload end, without looking at what they hold.
 * @throws as `readRecords`
 */
export async function* readPlaces(
  input: BatchInput,
  context: RecordContext,
  from: Place,
): AsyncGenerator<Place, void, void> {
  for await (const { next } of findRecords(input, context, from)) yield next;
}

async function* findRecords(input: BatchInput, context: RecordContext, from: Place) {
  const { format, gzipped } = inputFormat(input.key, context);
  if (input.bytes === 0 && format !== 'file' && !gzipped) return;
  const reader = await readers[format]();
  // Only where its reader says where records end, and the bytes are those of the input, can an input be entered in its middle.
  const start: Place = !gzipped && from.offset !== undefined ? from : { index: 0, offset: 0 };
  const { source, found } = openSource(input, context, gzipped);
  let { index } = start;
  for await (const record of reader(source, start.offset ?? 0)) {
    found();
    const number = index++;
    if (number < from.index) continue;
    const next: Place = gzipped || record.end === undefined ? { index } : { index, offset: record.end };
    yield { index: number, next, record };
  }
}

function openSource(
  input: BatchInput,
  context: RecordContext,
  gzipped: boolean,
): { source: ReaderSource; found: () => void } {
  let gap = 0;
  async function* bytes(start: number): AsyncGenerator<Uint8Array, void, void> {
    if (start >= input.bytes && !gzipped) return;
    const plain = gzipped ? gunzip(input.open()) : input.open(start);
    for await (const chunk of plain) {
      gap += chunk.length;
      if (gap > longestGap) {
        throw invalidInput('', `the file holds no record for ${longestGap} bytes; look at how it was written`);
      }
      yield chunk;
    }
  }
  const found = () => {
    gap = 0;
  };
  return { source: { input, context, bytes }, found };
}
