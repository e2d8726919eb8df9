import { createHash } from 'node:crypto';
import type { ObjectInfo, ObjectStore, ReadOptions } from '../../lib/core/object-store.js';
import { fill } from '../../lib/registry/stores/fill.js';
import { checkKey, checkPrefix } from '../../lib/registry/stores/keys.js';
import { exactly } from '../../lib/registry/stores/streamed-body.js';

interface Stored extends ObjectInfo {
  readonly body: Buffer;
}

/**
 * Objects in memory, for runs by the thousand; it passes the stores' contract.
 * @param chunkBytes how much a stream yields at once
 */
export function memoryStore(chunkBytes = 64 * 1024): ObjectStore {
  const objects = new Map<string, Stored>();
  let lastWritten = 0;

  const find = (key: string): Stored | undefined => objects.get(checkKey(key));

  const write = (key: string, body: Buffer): string => {
    const etag = createHash('sha256').update(body).digest('hex');
    // No two writes at the same time, as by a clock that is fine enough.
    lastWritten = Math.max(Date.now(), lastWritten + 1);
    objects.set(key, { body, etag, bytes: body.length, modified: new Date(lastWritten) });
    return etag;
  };

  async function* chunksOf(body: Buffer, { start = 0, end = body.length, signal }: ReadOptions) {
    for (let at = start; at < Math.min(end, body.length); at += chunkBytes) {
      signal?.throwIfAborted();
      yield body.subarray(at, Math.min(at + chunkBytes, end));
    }
  }

  const read: ObjectStore['read'] = async (key, options = {}) => {
    options.signal?.throwIfAborted();
    const found = find(key);
    if (found === undefined) return undefined;
    if (options.etag !== undefined && options.etag !== found.etag) return 'changed';
    return { etag: found.etag, bytes: found.bytes, body: chunksOf(found.body, options) };
  };

  return {
    location: 'memory',
    get: async (key, { signal } = {}) => {
      const found = find(key);
      // An abort that comes while it is read must be seen.
      await new Promise(setImmediate);
      signal?.throwIfAborted();
      return found && { body: found.body, etag: found.etag };
    },
    getUnless: async (etag, key) => {
      const found = find(key);
      return found?.etag === etag ? 'unchanged' : found && { body: found.body, etag: found.etag };
    },
    stat: async (key) => {
      const found = find(key);
      return found && { etag: found.etag, bytes: found.bytes, modified: found.modified };
    },
    read,
    readInto: async (key, into, { start = 0, ...options } = {}) =>
      fill(into, await read(key, { ...options, start, end: start + into.length })),
    put: async (key, body, condition) => {
      checkKey(key);
      const chunks: Uint8Array[] = [];
      if (body instanceof Uint8Array) chunks.push(body);
      else
        try {
          for await (const chunk of exactly(body)) chunks.push(chunk);
        } catch (error) {
          throw (error as Error).cause;
        }
      const before = objects.get(key);
      if (condition !== undefined && 'ifAbsent' in condition && before !== undefined) return undefined;
      if (condition !== undefined && 'ifMatch' in condition && before?.etag !== condition.ifMatch) return undefined;
      return write(key, Buffer.concat(chunks));
    },
    list: async (prefix) => {
      checkPrefix(prefix);
      const below = [...objects.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
      return [...new Set(below.map((key) => key.replace(/\/.*$/s, '/')))].sort();
    },
    delete: async (key) => {
      objects.delete(checkKey(key));
    },
  };
}
