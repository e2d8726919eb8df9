import { type ErrorCode, errorTable } from '../core/errors.js';

/** The service's codes, and three for what happens on the way to it. */
export type RequestErrorCode = ErrorCode | 'UNREACHABLE' | 'TIMEOUT' | 'UNEXPECTED_ANSWER';

/** A request that got no answer to use. `retryable` says whether the same request may succeed later. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly code: RequestErrorCode,
    message: string,
    readonly retryable: boolean,
    /** Undefined where no answer came. */
    readonly status?: number,
    /** What the service's logs call the request. */
    readonly requestId?: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** An answer that is none → the error that it tells: ours, or what a proxy in between made up. */
export function errorFromAnswer(status: number, body: string): RequestError {
  const { error, code, requestId } = parseObject(body);
  if (typeof error === 'string' && typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    const known = code as ErrorCode;
    const id = typeof requestId === 'string' ? requestId : undefined;
    return new RequestError(known, error, errorTable[known].retryable, status, id);
  }
  const passing = status === 429 || status === 502 || status === 503 || status === 504;
  return new RequestError('UNEXPECTED_ANSWER', `HTTP ${status}, not in the form that modelet answers`, passing, status);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
