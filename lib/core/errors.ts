/**
 * Every error that a caller can see: its code, the HTTP status and whether the same request may succeed later.
 * docs/errors.md is held against this table by a test.
 */
export const errorTable = {
  INVALID_REQUEST: { status: 400, retryable: false },
  INVALID_INPUT: { status: 400, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  MODEL_NOT_FOUND: { status: 404, retryable: false },
  VERSION_NOT_FOUND: { status: 404, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  THROTTLED: { status: 429, retryable: true },
  QUOTA_EXCEEDED: { status: 429, retryable: true },
  INFERENCE_FAILED: { status: 500, retryable: false },
  MODEL_CORRUPT: { status: 500, retryable: false },
  MODEL_UNAVAILABLE: { status: 503, retryable: true },
  DEADLINE_EXCEEDED: { status: 504, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorTable;

/** An error whose message may be shown to the caller: what is wrong, and what would be right. Never holds a payload. */
export class ModeletError extends Error {
  override readonly name = 'ModeletError';
  /** Response headers that belong to the error, e.g. `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown; headers?: Readonly<Record<string, string>> },
  ) {
    super(message, options);
    this.headers = options?.headers ?? {};
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}

/** INVALID_INPUT at a field, e.g. `inputs[0].shape: …`. */
export function invalidInput(field: string, problem: string): ModeletError {
  return new ModeletError('INVALID_INPUT', field === '' ? problem : `${field}: ${problem}`);
}

/** A short, safe rendering of what came in, for error messages: its kind and size, never its content. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value === 'string') return 'text';
  if (typeof value === 'undefined') return 'nothing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
