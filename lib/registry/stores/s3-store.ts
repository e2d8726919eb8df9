import type { ObjectStore } from '../../core/object-store.js';
import { once } from '../../core/once.js';
import { checkKey, checkPrefix } from './keys.js';
import { accessFromSdk } from './s3-client.js';
import { accessFromEnvironment } from './s3-environment.js';
import { s3StoreError } from './s3-errors.js';
import { parseLocation } from './s3-location.js';
import { type S3Reads, s3Reads } from './s3-reads.js';
import { s3Requests } from './s3-requests.js';
import { type S3Writes, s3Writes } from './s3-writes.js';
import { SourceFailed } from './streamed-body.js';

/**
 * Objects below `s3://bucket/prefix`, reached by the AWS SDK's standard configuration. Reading needs only the SDK's signer, since
 * a cold start waits for it; the SDK itself, which takes longer to load than a small model, comes with the first write, or
 * where the environment alone does not say how to reach the bucket. A store that fails is MODEL_UNAVAILABLE within 10 s,
 * or 16 s for a put that stalls.
 */
export function s3Store(location: string): ObjectStore {
  const { bucket, prefix } = parseLocation(location);
  const reads = once(async () => {
    const access = accessFromEnvironment(bucket) ?? (await accessFromSdk(bucket));
    return s3Reads(s3Requests(access));
  });
  const writes = s3Writes(bucket);
  const at = (key: string) => prefix + checkKey(key);

  async function guarded<T>(action: string, key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      throw signal?.aborted ? signal.reason : explained(action, key, error);
    }
  }

  function explained(action: string, key: string, error: unknown): unknown {
    return error instanceof SourceFailed ? error.cause : s3StoreError(location, action, key, error);
  }

  const reading = <T>(key: string, work: (reads: S3Reads) => Promise<T>, signal?: AbortSignal): Promise<T> =>
    guarded('read', key, async () => work(await reads()), signal);
  const writing = <T>(action: string, key: string, work: (writes: S3Writes) => Promise<T>): Promise<T> =>
    guarded(action, key, () => work(writes));

  return {
    location,
    get: (key, { signal } = {}) => reading(key, (s3) => s3.get(at(key), signal), signal),
    getUnless: (etag, key) => reading(key, (s3) => s3.getUnless(etag, at(key))),
    stat: (key) => reading(key, (s3) => s3.stat(at(key))),

    read: (key, options = {}) => {
      const explain = (cause: unknown) => explained('read', key, cause);
      return reading(key, (s3) => s3.read(at(key), options, explain), options.signal);
    },

    readInto: (key, into, options = {}) => {
      const explain = (cause: unknown) => explained('read', key, cause);
      return reading(key, (s3) => s3.readInto(at(key), into, options, explain), options.signal);
    },

    list: (below) =>
      guarded('list', below, async () => {
        const full = prefix + checkPrefix(below);
        const names = (await (await reads()).list(full)).map((key) => key.slice(full.length));
        // Consoles make an object named like the folder itself.
        return names.filter((name) => name !== '' && name !== '/').sort();
      }),

    put: (key, body, condition) => writing('write', key, (s3) => s3.put(at(key), body, condition)),
    delete: (key) => writing('delete', key, (s3) => s3.delete(at(key))),
  };
}
