import type { IncomingMessage } from 'node:http';
import type { FilledFrom, ObjectInfo, ObjectStream, ReadOptions, StoredObject } from '../../core/object-store.js';
import { byteStream } from './byte-stream.js';
import { fill } from './fill.js';
import { arriving, bytesOf, textOf } from './s3-body.js';
import { isMissing, statusOf } from './s3-errors.js';
import type { S3Requests } from './s3-requests.js';
import { textsOf } from './s3-xml.js';

/** What is read of a bucket, by full keys. Throws what `S3Requests` throw. */
export interface S3Reads {
  get(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  getUnless(etag: string, key: string): Promise<StoredObject | 'unchanged' | undefined>;
  stat(key: string): Promise<ObjectInfo | undefined>;
  /** @param explain makes the error that the stream ends with, of what went wrong on the way */
  read(key: string, options: ReadOptions, explain: Explain): Promise<ObjectStream | 'changed' | undefined>;
  readInto(key: string, into: Uint8Array, options: ReadOptions, explain: Explain): Promise<FilledFrom>;
  /** Full keys of the objects directly below, and the folders there, which end in `/`; in no order. */
  list(prefix: string): Promise<string[]>;
}

type Explain = (cause: unknown) => unknown;

export function s3Reads({ ask, readInto: readDirectly }: S3Requests): S3Reads {
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

  async function readInto(key: string, into: Uint8Array, options: ReadOptions, explain: Explain): Promise<FilledFrom> {
    const { start = 0, etag, signal } = options;
    const end = start + into.length;
    const headers = { range: `bytes=${start}-${end - 1}`, ...(etag !== undefined && { 'if-match': etag }) };
    const head = into.length === 0 ? undefined : await readDirectly({ method: 'GET', key, headers, signal }, into);
    const [found, bytes] = [head?.get('etag'), /\/(\d+)$/.exec(head?.get('content-range') ?? '')?.[1]];
    if (found !== undefined && bytes !== undefined) return { etag: found, bytes: Number(bytes) };
    return fill(into, await read(key, { ...options, end }, explain));
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
    readInto,

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
