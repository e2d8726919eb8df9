import type { IncomingMessage } from 'node:http';
import { byteStream } from './byte-stream.js';
import { unlessStalled } from './stall.js';

/**
 * The body of an answer as it arrives. It breaks off where the socket stays silent while bytes are awaited (not while whoever
 * reads them is busy), at the signal (with its reason), and where it has another length than its head says.
 * @param explain makes the error that the reader gets of what went wrong
 */
export function arriving(
  answer: IncomingMessage,
  signal?: AbortSignal,
  explain = (cause: unknown) => cause,
): AsyncIterable<Uint8Array> {
  const length = lengthOf(answer);
  const chunks: AsyncIterator<Uint8Array> = answer[Symbol.asyncIterator]();
  const abort = () => answer.destroy(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  let came = 0;

  async function next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await unlessStalled(chunks.next(), (error) => answer.destroy(error));
      if (!done) came += value.length;
      else if (length !== undefined && came !== length) throw new Error(`${came} of ${length} bytes came`);
      return done ? undefined : value;
    } catch (error) {
      throw signal?.aborted ? signal.reason : explain(error);
    }
  }
  return byteStream(next, () => {
    signal?.removeEventListener('abort', abort);
    // A connection with a rest of a body in it can't be used again.
    if (!answer.complete) answer.destroy();
  });
}

/** The whole body in one buffer of the right size: collecting the chunks first would hold it twice. */
export async function bytesOf(answer: IncomingMessage, signal?: AbortSignal): Promise<Uint8Array> {
  const length = lengthOf(answer);
  if (length === undefined) throw new Error('the answer has no Content-Length');
  const bytes = new Uint8Array(length);
  let filled = 0;
  for await (const chunk of arriving(answer, signal)) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

/** A body of XML; S3 does not say the length of all of them. */
export async function textOf(answer: IncomingMessage, signal?: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of arriving(answer, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  return headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
}
