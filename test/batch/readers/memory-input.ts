import { readRecords } from '../../../lib/batch/readers/read-records.js';
import { type BatchInput, type BatchRecord, beginning, type Place } from '../../../lib/batch/record.js';
import { invalidInput } from '../../../lib/core/errors.js';

/** Media types of no model that there is: of all files that can be a record but CSV. */
export const anyFile = ['image/png', 'image/jpeg', 'audio/wav', 'text/plain'];

/** An upload whose bytes come in chunks of the given size. */
export function memoryInput(
  key: string,
  content: Uint8Array | string,
  { chunk = 65_536, files = {} }: { chunk?: number; files?: Readonly<Record<string, Uint8Array>> } = {},
): BatchInput {
  const all = Buffer.from(content);
  return {
    key,
    etag: 'etag',
    bytes: all.length,
    open: async function* (start = 0, end = all.length) {
      for (let at = start; at < end; at += chunk) yield all.subarray(at, Math.min(end, at + chunk));
    },
    file: async (name) => {
      const file = files[name];
      if (file === undefined) throw invalidInput('key', 'there is none');
      return file;
    },
  };
}

export interface Outcome {
  readonly records: readonly BatchRecord[];
  /** What ended the reading, if not the input's end. */
  readonly error: unknown;
}

export async function readAll(
  input: BatchInput,
  mediaTypes: readonly string[] = anyFile,
  from: Place = beginning,
  task = 'radar@1',
): Promise<Outcome> {
  const records: BatchRecord[] = [];
  try {
    for await (const record of readRecords(input, { mediaTypes, task }, from)) records.push(record);
    return { records, error: undefined };
  } catch (error) {
    return { records, error };
  }
}

/** A record as rows show it: its instance, or the code of its error. */
export function shown(record: BatchRecord): unknown {
  const { index, id } = record;
  const named = { index, ...(id !== undefined && { id }) };
  if ('error' in record) return { ...named, code: record.error.code };
  const { instance } = record;
  return {
    ...named,
    instance: instance.kind === 'file' ? Buffer.from(instance.bytes).toString('latin1') : instance.value,
  };
}
