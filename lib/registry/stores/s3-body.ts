import type { Readable } from 'node:stream';
import { byteStream } from './byte-stream.js';
import { stalled, unlessStalled } from './stall.js';

/**
 * The body of an answer as it arrives. It breaks off where the socket stays silent while bytes are awaited (not while whoever
 * reads them is busy), at the signal, and where fewer or more than `length` bytes come.
 * @param explain makes the error that the reader gets of what went wrong
 */
export function arriving(
  body: Readable,
  length: number,
  signal: AbortSignal | undefined,
  explain: (cause: unknown) => Error,
): AsyncIterable<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const abort = () => body.destroy(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  let came = 0;
  async function next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await unlessStalled(chunks.next(), () => body.destroy(stalled()));
      if (!done) came += value.length;
      if (done ? came !== length : came > length) throw new Error(`${came} of ${length} bytes came`);
      return done ? undefined : value;
    } catch (error) {
      throw signal?.aborted ? signal.reason : explain(error);
    }
  }
  return byteStream(next, () => {
    signal?.removeEventListener('abort', abort);
    // What is not read to its end can't be used for the next request.
    if (came !== length) body.destroy();
  });
}
