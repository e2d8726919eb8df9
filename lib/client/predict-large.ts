import { type ErrorCode, errorTable } from '../core/errors.js';
import type { Send } from './model-client.js';
import { parse } from './parse-answer.js';
import { errorFromAnswer, RequestError } from './request-error.js';
import { wait } from './send.js';

export interface LargeOptions {
  readonly signal?: AbortSignal;
  /** Told as the work goes on: the upload is answered to this share, from 0 to 1. */
  onProgress?(share: number): void;
}

/** The answer to one record, in the file's order; `id` is its own, or its name in an archive. */
export type Row<Prediction> = { readonly index: number; readonly id?: string | number } & (
  | { readonly output: Prediction; readonly error?: undefined }
  | { readonly error: string; readonly code: ErrorCode; readonly output?: undefined }
);

export interface LargeResult<Prediction> {
  readonly version: string;
  readonly records: number;
  /** Of them, those whose row is an error. */
  readonly failed: number;
  /** Read as they arrive. @throws RequestError where they break off */
  rows(): AsyncIterable<Row<Prediction>>;
}

interface Job {
  readonly id: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly upload?: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  readonly progress?: number;
  readonly result?: { readonly url: string };
  readonly summary?: { readonly version?: string; readonly records: number; readonly failed: number };
  readonly error?: { readonly error: string; readonly code: ErrorCode };
}

// ms
const firstLook = 500;
const slowestLook = 10_000;

export async function predictLarge<Prediction>(
  send: Send,
  model: string,
  version: string | undefined,
  file: Uint8Array<ArrayBuffer> | Blob,
  mediaType: string,
  { signal, onProgress = () => undefined }: LargeOptions,
): Promise<LargeResult<Prediction>> {
  const body = file instanceof Blob ? file : new Blob([file]);
  const path = `/models/${model}/jobs`;
  // With a version the service refuses it, rather than answer by another.
  const started = await send(version === undefined ? path : `${path}?version=${version}`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ bytes: body.size, contentType: mediaType, clientToken: crypto.randomUUID() }),
    signal,
  });
  let job = parse<Job>(started);
  const look = async () => parse<Job>(await send(`${path}/${job.id}`, { method: 'GET', headers: {}, signal }));
  try {
    if (job.upload !== undefined) await upload(job.upload, body, signal);
    for (let pause = firstLook; job.state === 'waiting' || job.state === 'running'; pause *= 1.5) {
      await wait(Math.min(pause, slowestLook), signal);
      job = await look();
      onProgress(job.progress ?? 0);
    }
  } catch (error) {
    if (signal?.aborted) await send(`${path}/${job.id}`, { method: 'DELETE', headers: {} }).catch(() => undefined);
    throw error;
  }
  const { state, error, summary } = job;
  if (state === 'failed' || summary === undefined) {
    const { code, error: message } = error ?? { code: 'INFERENCE_FAILED', error: 'the job failed' };
    throw new RequestError(code, message, errorTable[code].retryable);
  }
  // An address lives minutes: each reading asks for a new one.
  const address = async () => (await look()).result?.url ?? '';
  return {
    version: summary.version ?? '',
    records: summary.records,
    failed: summary.failed,
    rows: () => readRows<Prediction>(address, signal),
  };
}

async function upload(
  { url, headers }: NonNullable<Job['upload']>,
  body: Blob,
  signal: AbortSignal | undefined,
): Promise<void> {
  // `fetch` states the length itself, and lets nobody else.
  const { 'content-length': _stated, ...rest } = headers;
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { method: 'PUT', headers: rest, body, ...(signal && { signal }) }).catch(
      (cause: unknown) =>
        new RequestError('UNREACHABLE', `the upload broke off: ${cause}`, true, undefined, undefined, { cause }),
    );
    signal?.throwIfAborted();
    if (answer instanceof Response) {
      // 412: it is there already, from an attempt whose answer was lost.
      if (answer.ok || answer.status === 412) return;
      // 409: S3's word for two attempts at the same time, the first of which may still fail.
      if (answer.status < 500 && answer.status !== 409) throw errorFromAnswer(answer.status, await answer.text());
    }
    if (attempt >= 3) throw answer instanceof Response ? errorFromAnswer(answer.status, '') : answer;
    await wait(1000 * attempt, signal);
  }
}

async function* readRows<Prediction>(
  address: () => Promise<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row<Prediction>> {
  const url = await address();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    const answer = await fetch(url, signal ? { signal } : {});
    if (!answer.ok || answer.body === null) throw errorFromAnswer(answer.status, await answer.text());
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Row<Prediction>;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RequestError) throw cause;
    throw new RequestError('UNREACHABLE', 'the results broke off; read them again', true, undefined, undefined, {
      cause,
    });
  }
}
