import { setTimeout as sleep } from 'node:timers/promises';

const limit = 3;
/** No attempt begins later than this, so that what never answers has failed within 10 s, ms. */
const patience = 8000;

/**
 * Works, and up to twice more where that may help, after about 0.1 and 0.2 s with jitter (up to five times that where the other
 * side asks for less). The signal is the deadline.
 */
export async function inAttempts<T>(work: () => Promise<T>, { passing, busy, signal }: AttemptsOptions): Promise<T> {
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const late = performance.now() - start > patience;
      if (attempt === limit || late || signal?.aborted || !passing(error)) throw error;
      const pause = (busy(error) ? 500 : 100) * 2 ** (attempt - 1);
      // An abort is told by who called, with the signal's reason.
      await sleep(pause * (0.5 + Math.random() / 2), undefined, signal && { signal });
    }
  }
}

interface AttemptsOptions {
  /** Whether the same may do better in a moment. */
  passing(error: unknown): boolean;
  /** Whether the other side asks for less. */
  busy(error: unknown): boolean;
  readonly signal?: AbortSignal | undefined;
}
