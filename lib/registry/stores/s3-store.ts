import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { ModeletError } from '../../core/errors.js';
import type { ObjectStore, PutCondition } from '../../core/object-store.js';
import { checkKey, checkPrefix } from './keys.js';
import { attemptsOf, isMissing, s3StoreError, statusOf } from './s3-errors.js';

// Per attempt, ms; the SDK makes three. Puts have only `silence`, as their time depends on their size.
const connecting = 1000;
const firstByte = 3000;
const silence = 5000;

/**
 * Objects below `s3://bucket/prefix`, reached by the AWS SDK's standard configuration. The client is made at the first use and
 * kept. A store that fails is MODEL_UNAVAILABLE within 10 s, or 16 s for a put that stalls.
 */
export function s3Store(location: string): ObjectStore {
  const { bucket, prefix } = parseLocation(location);
  let connected: Promise<S3Client> | undefined;
  const client = () => {
    connected ??= connect();
    return connected;
  };
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + checkKey(key) });

  async function guarded<T>(action: string, key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw signal?.aborted ? signal.reason : s3StoreError(location, action, key, error);
    }
  }

  /** The etag of the object if this very write made it. */
  async function etagIfWritten(key: string, write: string): Promise<string | undefined> {
    try {
      const head = await (await client()).send(new HeadObjectCommand(at(key)), { requestTimeout: firstByte });
      return head.Metadata?.write === write ? head.ETag : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
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
            const answer = await (await client()).send(new GetObjectCommand(at(key)), options);
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
          const answer = await (await client()).send(new GetObjectCommand(input), { requestTimeout: firstByte });
          return { body: await bytesOf(answer.Body, answer.ContentLength), etag: required(answer.ETag) };
        } catch (error) {
          if (statusOf(error) === 304) return 'unchanged';
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),

    modified: (key) =>
      guarded('read', key, async () => {
        try {
          return (await (await client()).send(new HeadObjectCommand(at(key)), { requestTimeout: firstByte }))
            .LastModified;
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),

    put: (key, body, condition) =>
      guarded('write', key, async () => {
        const write = randomUUID();
        const input = { ...at(key), Body: body, ...conditionHeaders(condition), Metadata: { write } };
        try {
          return required((await (await client()).send(new PutObjectCommand(input))).ETag);
        } catch (error) {
          if (condition === undefined || !conditionFailed(error)) throw error;
          // The SDK tried again: its first attempt may have been written, and only the answer lost.
          return attemptsOf(error) > 1 ? etagIfWritten(key, write) : undefined;
        }
      }),

    list: (below) =>
      guarded('list', below, async () => {
        const full = prefix + checkPrefix(below);
        const input = { Bucket: bucket, Prefix: full, Delimiter: '/' };
        const keys: (string | undefined)[] = [];
        for await (const page of paginateListObjectsV2({ client: await client() }, input, {
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
        await (await client()).send(new DeleteObjectCommand(at(key)), { requestTimeout: firstByte });
      }),
  };
}

async function connect(): Promise<S3Client> {
  const client = new S3Client({
    requestHandler: { connectionTimeout: connecting, socketTimeout: silence, throwOnRequestTimeout: true },
  });
  // An endpoint of one's own (AWS_ENDPOINT_URL_S3) seldom has a name for each bucket: `bucket.localhost`.
  const endpoint = await client.config.serviceConfiguredEndpoint?.();
  client.config.forcePathStyle = endpoint !== undefined;
  return client;
}

function parseLocation(location: string): { bucket: string; prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*?)\/*)?$/.exec(location) ?? [];
  if (bucket === undefined) {
    throw new ModeletError('INVALID_REQUEST', `"${location}" names no bucket: use s3://bucket/prefix`);
  }
  return { bucket, prefix: path === '' ? '' : `${checkKey(path)}/` };
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
