import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { ObjectInfo, ObjectStore, ObjectStream, PutCondition, ReadOptions } from '../../core/object-store.js';
import { byteStream } from './byte-stream.js';
import { checkKey, checkPrefix } from './keys.js';
import { arriving } from './s3-body.js';
import { firstByte, s3Clients } from './s3-client.js';
import { attemptsOf, isMissing, s3StoreError, statusOf } from './s3-errors.js';
import { parseLocation } from './s3-location.js';
import { type Uploaded, uploadStream } from './s3-upload.js';
import { SourceFailed } from './streamed-body.js';

/**
 * Objects below `s3://bucket/prefix`, reached by the AWS SDK's standard configuration. The client is made at the first use and
 * kept. A store that fails is MODEL_UNAVAILABLE within 10 s, or 16 s for a put that stalls.
 */
export function s3Store(location: string): ObjectStore {
  const { bucket, prefix } = parseLocation(location);
  const clients = s3Clients();
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + checkKey(key) });

  async function guarded<T>(action: string, key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SourceFailed) throw error.cause;
      throw signal?.aborted ? signal.reason : s3StoreError(location, action, key, error);
    }
  }

  /** The etag of the object if this very write made it. */
  async function etagIfWritten(key: string, write: string): Promise<string | undefined> {
    try {
      const head = await (await clients.whole()).send(new HeadObjectCommand(at(key)), { requestTimeout: firstByte });
      return head.Metadata?.write === write ? head.ETag : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function putWhole(input: PutObjectCommandInput): Promise<Uploaded> {
    try {
      return { etag: (await (await clients.whole()).send(new PutObjectCommand(input))).ETag };
    } catch (error) {
      return { error, again: attemptsOf(error) > 1 };
    }
  }

  async function info(key: string): Promise<ObjectInfo | undefined> {
    try {
      const head = await (await clients.whole()).send(new HeadObjectCommand(at(key)), { requestTimeout: firstByte });
      const { ETag, ContentLength, LastModified } = head;
      return { etag: required(ETag), bytes: ContentLength ?? 0, modified: LastModified ?? new Date(0) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function read(key: string, options: ReadOptions): Promise<ObjectStream | 'changed' | undefined> {
    const { start = 0, end = Number.POSITIVE_INFINITY, etag, signal } = options;
    if (end <= start) return readNothing(key, options);
    const range = start > 0 || end !== Number.POSITIVE_INFINITY;
    const input: GetObjectCommandInput = {
      ...at(key),
      ...(etag !== undefined && { IfMatch: etag }),
      ...(range && { Range: `bytes=${start}-${Number.isFinite(end) ? end - 1 : ''}` }),
    };
    try {
      const client = await clients.streaming();
      const answer = await client.send(new GetObjectCommand(input), {
        requestTimeout: firstByte,
        ...(signal && { abortSignal: signal }),
      });
      const length = answer.ContentLength ?? 0;
      const bytes = range ? Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? length) : length;
      const explain = (cause: unknown) => s3StoreError(location, 'read', key, cause);
      return { etag: required(answer.ETag), bytes, body: arriving(answer.Body as Readable, length, signal, explain) };
    } catch (error) {
      if (statusOf(error) === 412) return 'changed';
      if (statusOf(error) === 416) return readNothing(key, options);
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** A range in which no byte is: S3 refuses it, without saying of which object. */
  async function readNothing(key: string, options: ReadOptions): Promise<ObjectStream | 'changed' | undefined> {
    const { start = 0, end = Number.POSITIVE_INFINITY, etag } = options;
    const found = await info(key);
    if (found === undefined) return undefined;
    if (etag !== undefined && found.etag !== etag) return 'changed';
    // Written anew meanwhile.
    if (start < Math.min(end, found.bytes)) return read(key, options);
    const body = byteStream(
      async () => undefined,
      () => undefined,
    );
    return { etag: found.etag, bytes: found.bytes, body };
  }

  return {
    location,

    get: (key, { signal } = {}) =>
      guarded(
        'read',
        key,
        async () => {
          const options = { requestTimeout: firstByte, ...(signal && { abortSignal: signal }) };
          try {
            const answer = await (await clients.whole()).send(new GetObjectCommand(at(key)), options);
            return { body: await bytesOf(answer.Body, answer.ContentLength), etag: required(answer.ETag) };
          } catch (error) {
            if (isMissing(error)) return undefined;
            throw error;
          }
        },
        signal,
      ),

    getUnless: (etag, key) =>
      guarded('read', key, async () => {
        try {
          const input = { ...at(key), IfNoneMatch: etag };
          const answer = await (await clients.whole()).send(new GetObjectCommand(input), { requestTimeout: firstByte });
          return { body: await bytesOf(answer.Body, answer.ContentLength), etag: required(answer.ETag) };
        } catch (error) {
          if (statusOf(error) === 304) return 'unchanged';
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),

    stat: (key) => guarded('read', key, () => info(key)),

    read: (key, options = {}) => guarded('read', key, () => read(key, options), options.signal),

    put: (key, body, condition) =>
      guarded('write', key, async () => {
        const write = randomUUID();
        const input = { ...at(key), ...conditionHeaders(condition), Metadata: { write } };
        const written =
          body instanceof Uint8Array
            ? await putWhole({ ...input, Body: body })
            : await uploadStream(await clients.streaming(), input, body);
        if ('etag' in written) return required(written.etag);
        if (condition === undefined || !conditionFailed(written.error)) throw written.error;
        return written.again ? etagIfWritten(key, write) : undefined;
      }),

    list: (below) =>
      guarded('list', below, async () => {
        const full = prefix + checkPrefix(below);
        const input = { Bucket: bucket, Prefix: full, Delimiter: '/' };
        const keys: (string | undefined)[] = [];
        for await (const page of paginateListObjectsV2({ client: await clients.whole() }, input, {
          requestTimeout: firstByte,
        })) {
          keys.push(...(page.CommonPrefixes ?? []).map((folder) => folder.Prefix));
          keys.push(...(page.Contents ?? []).map((object) => object.Key));
        }
        // Consoles make an object named like the folder itself.
        const names = keys.map((key) => key?.slice(full.length) ?? '');
        return names.filter((name) => name !== '' && name !== '/').sort();
      }),

    delete: (key) =>
      guarded('delete', key, async () => {
        await (await clients.whole()).send(new DeleteObjectCommand(at(key)), { requestTimeout: firstByte });
      }),
  };
}

const conditionHeaders = (condition: PutCondition | undefined) =>
  condition && ('ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch });

// 412 precondition failed; 409 another conditional write was faster; 404 nothing there to match.
const conditionFailed = (error: unknown): boolean => [412, 409].includes(statusOf(error) ?? 0) || isMissing(error);

/** Read into one buffer of the right size: weights are large, and collecting the chunks first would hold them twice. */
async function bytesOf(stream: unknown, length: number | undefined): Promise<Uint8Array> {
  if (length === undefined) throw new Error('the answer has no Content-Length');
  const bytes = new Uint8Array(length);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== length) throw new Error(`${filled} of ${length} bytes came`);
  return bytes;
}

function required(etag: string | undefined): string {
  if (etag === undefined) throw new Error('the answer has no ETag');
  return etag;
}
