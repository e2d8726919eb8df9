import type { FilledFrom, ObjectStream } from '../../core/object-store.js';

/** Copies a stream's bytes to where they shall be, as many as there is room for. */
export async function fill(into: Uint8Array, found: ObjectStream | 'changed' | undefined): Promise<FilledFrom> {
  if (found === undefined || found === 'changed') return found;
  let filled = 0;
  for await (const chunk of found.body) {
    into.set(chunk.subarray(0, into.length - filled), filled);
    filled += chunk.length;
  }
  return { etag: found.etag, bytes: found.bytes };
}
