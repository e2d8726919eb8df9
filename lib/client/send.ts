import { errorFromAnswer, RequestError } from './request-error.js';

export interface SendOptions {
  readonly method?: 'POST' | 'PUT' | 'GET' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob;
  /** For the whole call, tries and waits together. */
  readonly timeoutMs: number;
  /** Tries after the first one. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The first wait; each further one is twice as long. */
const firstWaitMs = 200;

/**
 * POSTs, and tries again where that may help: after `retry-after` or a growing, random wait. A prediction changes nothing at
 * the service, and a job has its token, so sending it twice does no harm.
 * @throws RequestError; the signal's reason when it was aborted
 */
export async function send({
  method = 'POST',
  url,
  headers,
  body,
  timeoutMs,
  retries,
  signal,
}: SendOptions): Promise<Answer> {
  const end = performance.now() + timeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  const request = { method, headers, signal: either, ...(body !== undefined && { body }) };
  for (let attempt = 0; ; attempt++) {
    const { answer, error, retryAfterMs = 0 } = await attemptOnce(url, request);
    if (answer !== undefined) return answer;
    signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new RequestError('TIMEOUT', `no answer within ${timeoutMs} ms`, true, undefined, undefined, {
        cause: error,
      });
    }
    // Between half of it and all of it, so that many clients don't come back at the same moment.
    const backoffMs = firstWaitMs * 2 ** attempt * (0.5 + Math.random() / 2);
    const waitMs = Math.max(retryAfterMs, backoffMs);
    if (!error.retryable || attempt >= retries || performance.now() + waitMs > end) throw error;
    await wait(waitMs, signal);
  }
}

type Attempt =
  | { readonly answer: Answer; readonly error?: undefined; readonly retryAfterMs?: undefined }
  | { readonly answer?: undefined; readonly error: RequestError; readonly retryAfterMs?: number };

async function attemptOnce(url: string, request: RequestInit): Promise<Attempt> {
  try {
    const response = await fetch(url, request);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return { answer: { headers: response.headers, bytes } };
    const error = errorFromAnswer(response.status, new TextDecoder().decode(bytes));
    return { error, retryAfterMs: retryAfterMs(response.headers) };
  } catch (cause) {
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    return {
      error: new RequestError(
        'UNREACHABLE',
        `${new URL(url).host} can't be reached: ${why}`,
        true,
        undefined,
        undefined,
        {
          cause,
        },
      ),
    };
  }
}

/** RFC 9110, "Retry-After": seconds, or a date. */
function retryAfterMs(headers: Headers): number {
  const value = headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** @throws the signal's reason, at once where it is aborted already */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
