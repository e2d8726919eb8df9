import { invalidInput, ModeletError } from '../core/errors.js';
import type { ObjectInfo, ObjectStore, ReadOptions } from '../core/object-store.js';
import { InputChanged } from './input-changed.js';
import { batchPaths } from './paths.js';
import { type BatchInput, maxFileBytes } from './record.js';

/** Reads of a stream that may break off one after the other without a byte more. */
const patience = 3;

/**
 * An upload of the data store as a batch reads it: always the object of this one etag.
 * @param onBytes told how many bytes came
 */
export function batchInput(
  data: ObjectStore,
  model: string,
  key: string,
  upload: ObjectInfo,
  onBytes: (count: number) => void,
): BatchInput {
  const { etag, bytes } = upload;
  const path = batchPaths(model, key).input;

  /** A connection of minutes breaks now and then: it goes on where it broke off. */
  async function* open(start = 0, end = bytes): AsyncIterable<Uint8Array> {
    let at = start;
    for (let failures = 0; at < end; ) {
      const from = at;
      try {
        for await (const chunk of await stream(data, path, { start: at, end, etag })) {
          at += chunk.length;
          onBytes(chunk.length);
          yield chunk;
        }
        if (at < end) throw new ModeletError('MODEL_UNAVAILABLE', `${path} broke off at byte ${at} of ${end}`);
      } catch (error) {
        failures = at > from ? 1 : failures + 1;
        if (!(error instanceof ModeletError) || !error.retryable || failures > patience) throw error;
      }
    }
  }

  return { key, etag, bytes, open, file: (name) => fileOf(data, model, name) };
}

async function stream(data: ObjectStore, path: string, options: ReadOptions): Promise<AsyncIterable<Uint8Array>> {
  const found = await data.read(path, options);
  if (found === undefined || found === 'changed') throw new InputChanged(found === undefined ? 'deleted' : 'replaced');
  return found.body;
}

async function fileOf(data: ObjectStore, model: string, name: string): Promise<Uint8Array> {
  const folder = `files/${model}/`;
  if (!name.startsWith(folder)) throw invalidInput('key', `is not below ${folder}; put the file there`);
  try {
    const found = await data.stat(name);
    if (found !== undefined && found.bytes > maxFileBytes) {
      const problem = `names a file of ${found.bytes} bytes; one record has at most ${maxFileBytes}`;
      throw new ModeletError('PAYLOAD_TOO_LARGE', `key: ${problem}`);
    }
    const object = await data.get(name);
    if (object !== undefined) return object.body;
  } catch (error) {
    // What is no key of a store.
    if (error instanceof ModeletError && error.code === 'INVALID_REQUEST') throw invalidInput('key', error.message);
    throw error;
  }
  throw invalidInput('key', `there is no ${JSON.stringify(name)}`);
}
