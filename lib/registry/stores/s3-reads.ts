import type { IncomingMessage } from 'node:http';
import type { ObjectInfo, ObjectStream, ReadOptions, StoredObject } from '../../core/object-store.js';
import { byteStream } from './byte-stream.js';
import { arriving, bytesOf, textOf } from './s3-body.js';
import { isMissing, statusOf } from './s3-errors.js';
import type { AskS3 } from './s3-requests.js';
import { textsOf } from './s3-xml.js';

/** What is read of a bucket, by full keys. Throws what `AskS3` throws. */
export interface S3Reads {
  get(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  getUnless(etag: string, key: string): Promise<StoredObject | 'unchanged' | undefined>;
  stat(key: string): Promise<ObjectInfo | undefined>;
  /** @param explain makes the error that the stream ends with, of what went wrong on the way */
  read(key: string, options: ReadOptions, explain: Explain): Promise<ObjectStream | 'changed' | undefined>;
  /** Full keys of the objects directly below, and the folders there, which end in `/`; in no order. */
  list(prefix: string): Promise<string[]>;
}

type Explain = (cause: unknown) => unknown;

export function s3Reads(ask: AskS3): S3Reads {
  const whole = (signal?: AbortSignal) => async (answer: IncomingMessage) => ({
    body: await bytesOf(answer, signal),
    etag: etagOf(answer),
  });

  const get: S3Reads['get'] = (key, signal) => orMissing(ask({ method: 'GET', key, signal }, whole(signal)));

  const stat: S3Reads['stat'] = (key) =>
    orMissing(
      ask({ method: 'HEAD', key }, async (answer) => {
        answer.resume();
        const { 'content-length': length, 'last-modified': written } = answer.headers;
        return { etag: etagOf(answer), bytes: Number(length), modified: new Date(written ?? 0) };
      }),
    );

  async function read(key: string, options: ReadOptions, explain: Explain): ReturnType<S3Reads['read']> {
    const { start = 0, end = Number.POSITIVE_INFINITY, etag, signal } = options;
    if (end <= start) return readNothing(key, options, explain);
    const ranged = start > 0 || end !== Number.POSITIVE_INFINITY;
    const headers = {
      ...(etag !== undefined && { 'if-match': etag }),
      ...(ranged && { range: `bytes=${start}-${end === Number.POSITIVE_INFINITY ? '' : end - 1}` }),
    };
    const open = async (answer: IncomingMessage) => {
      const { 'content-length': length, 'content-range': range = '' } = answer.headers;
      const bytes = ranged ? /^bytes \d+-\d+\/(\d+)$/.exec(range)?.[1] : length;
      if (bytes === undefined) throw new Error(`the answer has no ${ranged ? 'Content-Range' : 'Content-Length'}`);
      return { etag: etagOf(answer), bytes: Number(bytes), body: arriving(answer, signal, explain) };
    };
    try {
      return await orMissing(ask({ method: 'GET', key, headers, signal }, open));
    } catch (error) {
      if (statusOf(error) === 412) return 'changed';
      if (statusOf(error) === 416) return readNothing(key, options, explain);
      throw error;
    }
  }

  /** A range in which no byte is: S3 refuses it, without saying of which object. */
  async function readNothing(key: string, options: ReadOptions, explain: Explain): ReturnType<S3Reads['read']> {
    const { start = 0, end = Number.POSITIVE_INFINITY, etag } = options;
    const found = await stat(key);
    if (found === undefined) return undefined;
    if (etag !== undefined && found.etag !== etag) return 'changed';
    // Written anew meanwhile.
    if (start < Math.min(end, found.bytes)) return read(key, options, explain);
    const nothing = async () => undefined;
    return { etag: found.etag, bytes: found.bytes, body: byteStream(nothing, nothing) };
  }

  return {
    get,
    stat,
    read,

    getUnless: async (etag, key) => {
      try {
        return await orMissing(ask({ method: 'GET', key, headers: { 'if-none-match': etag } }, whole()));
      } catch (error) {
        if (statusOf(error) === 304) return 'unchanged';
        throw error;
      }
    },

    list: async (prefix) => {
      const keys: string[] = [];
      let page: string | undefined;
      do {
        const next: Record<string, string> = page === undefined ? {} : { 'continuation-token': page };
        const query = { 'list-type': '2', delimiter: '/', prefix, ...next };
        const xml: string = await ask({ method: 'GET', key: '', query }, (answer) => textOf(answer));
        keys.push(...textsOf(xml, 'CommonPrefixes', 'Prefix'), ...textsOf(xml, 'Key'));
        page = textsOf(xml, 'NextContinuationToken')[0];
      } while (page !== undefined);
      return keys;
    },
  };
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function etagOf({ headers: { etag } }: IncomingMessage): string {
  if (etag === undefined) throw new Error('the answer has no ETag');
  return etag;
}
