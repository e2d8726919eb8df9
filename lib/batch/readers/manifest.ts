import { invalidInput, ModeletError } from '../../core/errors.js';
import { readId } from './batch-line.js';
import type { FormatReader, ReaderSource, RecordContent } from './found-record.js';
import { refuseFile } from './media-types.js';
import { splitLines } from './split-records.js';
import { heldBytes, isBlank, parseJson } from './text.js';

/** `.manifest.jsonl`: an object of the data store a line, bare or as `{"key": …, "id": …}`; without an id the key is it. */
export const readManifest: FormatReader = async function* (source, start) {
  for await (const line of splitLines(source.bytes(start), start)) {
    if (line.bytes !== undefined && isBlank(line.bytes)) continue;
    yield { end: line.end, read: () => readObject(source, () => heldBytes(line)) };
  }
};

async function readObject({ input, context }: ReaderSource, bytes: () => Uint8Array): Promise<RecordContent> {
  let id: string | number | undefined;
  try {
    const named = readLine(parseJson(bytes()));
    id = named.id;
    const refused = refuseFile(named.key, context);
    if (refused !== undefined) return { id, error: refused };
    return { id, instance: { kind: 'file', bytes: await input.file(named.key) } };
  } catch (error) {
    if (error instanceof ModeletError && !error.retryable) return { id, error };
    throw error;
  }
}

function readLine(line: unknown): { key: string; id: string | number } {
  if (typeof line === 'string') return { key: line, id: line };
  const { key, id, ...others } = typeof line === 'object' && line !== null ? (line as Record<string, unknown>) : {};
  if (typeof key !== 'string' || Object.keys(others).length > 0) {
    throw invalidInput('', 'the line is no key; expected {"key": "files/…", "id": …} or the key as text');
  }
  return { key, id: readId(id) ?? key };
}
