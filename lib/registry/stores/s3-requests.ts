import type { IncomingMessage } from 'node:http';
import { inAttempts } from './attempts.js';
import type { S3Access } from './s3-access.js';
import { textOf } from './s3-body.js';
import { connections, type HttpRequest } from './s3-connection.js';
import { directReads } from './s3-direct.js';
import { isBusy, isPassing, statusOf } from './s3-errors.js';
import type { Head } from './s3-line.js';
import { s3Signer } from './s3-signer.js';
import { textsOf } from './s3-xml.js';
import { encodeKey, encodeQuery } from './uri-encode.js';

export interface S3Request {
  readonly method: 'GET' | 'HEAD';
  /** '' for the bucket. */
  readonly key: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends signed requests that only read. */
export interface S3Requests {
  /**
   * @param use what to do with an answer of 2xx; all of it is tried again where it fails
   * @throws an error like the SDK's for other answers: S3's code as its name, the status in `$metadata`
   */
  ask<T>(request: S3Request, use: (answer: IncomingMessage) => Promise<T>): Promise<T>;
  /** Puts a range into memory, as `ReadDirectly` says; tried once. */
  readInto(request: S3Request, into: Uint8Array): Promise<Head | undefined>;
}

/** What S3 allows a clock to be off is 15 minutes. */
const allowedSkew = 5 * 60_000; // ms

export function s3Requests(access: S3Access): S3Requests {
  const { url } = access;
  const signer = s3Signer(access);
  const send = connections(url);
  const readDirectly = directReads(url);
  /** How far this machine's clock is behind S3's, ms. */
  let behind = 0;

  async function signed({ method, key, query = {}, headers = {} }: S3Request): Promise<HttpRequest> {
    const path = url.pathname + encodeKey(key);
    const unsigned = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path,
      query,
      headers: { host: url.host, ...headers },
    };
    const { headers: all } = await signer.sign(unsigned, { signingDate: new Date(Date.now() + behind) });
    return { method, path: path + encodeQuery(query), headers: all };
  }

  async function answerTo(request: S3Request): Promise<IncomingMessage> {
    const { method, signal } = request;
    const answer = await send(await signed(request), signal);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    if (status === 403) followClock(answer);
    throw await failure(answer, method, signal);
  }

  /** The refusal of a HEAD has no code; a time that is off tells as well. */
  function followClock({ headers }: IncomingMessage): void {
    const off = Date.parse(headers.date ?? '') - Date.now();
    if (Math.abs(off - behind) > allowedSkew) behind = off;
  }

  async function attempt<T>(request: S3Request, use: (answer: IncomingMessage) => Promise<T>): Promise<T> {
    const answer = await answerTo(request);
    try {
      return await use(answer);
    } catch (error) {
      answer.destroy();
      throw error;
    }
  }

  const ask: S3Requests['ask'] = (request, use) => {
    const work = async () => {
      const signedWith = behind;
      try {
        return await attempt(request, use);
      } catch (error) {
        if (statusOf(error) !== 403 || behind === signedWith) throw error;
        // Refused for its time alone, which is known now: that was no attempt.
        return await attempt(request, use);
      }
    };
    return inAttempts(work, { passing: isPassing, busy: isBusy, signal: request.signal });
  };

  return { ask, readInto: async (request, into) => readDirectly(await signed(request), into, request.signal) };
}

/** In the shape of the SDK's errors. */
async function failure(answer: IncomingMessage, method: string, signal: AbortSignal | undefined): Promise<Error> {
  const { statusCode: status = 0, headers } = answer;
  // Neither the answer to a HEAD nor a 304 has a body, whatever length it says.
  const bodiless = method === 'HEAD' || status === 304;
  const xml = bodiless ? '' : await textOf(answer, signal);
  if (bodiless) answer.resume();
  const name = textsOf(xml, 'Code')[0] ?? (method === 'HEAD' && status === 404 ? 'NotFound' : '');
  const region = headers['x-amz-bucket-region'] ?? textsOf(xml, 'Region')[0];
  return Object.assign(new Error(textsOf(xml, 'Message')[0]), { name, region, $metadata: { httpStatusCode: status } });
}
