import type { IncomingMessage } from 'node:http';
import { byteStream } from './byte-stream.js';
import { unlessStalled } from './stall.js';

/** Bytes that may wait for whoever reads them, beside those in the socket. */
const mostWaiting = 2 ** 18;

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
  const nextChunk = chunksOf(answer);
  const abort = () => answer.destroy(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  let came = 0;

  async function next(): Promise<Uint8Array | undefined> {
    try {
      const chunk = await nextChunk();
      came += chunk?.length ?? 0;
      if (chunk === undefined && length !== undefined && came !== length) {
        throw new Error(`${came} of ${length} bytes came`);
      }
      return chunk;
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

/**
 * An answer's chunks one by one, undefined after the last. By its events: its own iterator joins chunks that wait, and stops
 * and starts the socket around nearly each of them.
 */
function chunksOf(answer: IncomingMessage): () => Promise<Uint8Array | undefined> {
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let over: { readonly error?: unknown } | undefined;
  let wake = (): void => undefined;
  const end = (how: { readonly error?: unknown }) => {
    over ??= how;
    wake();
  };
  answer.once('end', () => end({}));
  answer.on('error', (error) => end({ error }));
  answer.once('close', () => end({ error: new Error('the connection was closed') }));

  const take = (chunk: Uint8Array) => {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes > mostWaiting) answer.pause();
    wake();
  };

  return async () => {
    if (answer.listenerCount('data') === 0) answer.on('data', take);
    if (waiting.length === 0 && over === undefined) {
      const something = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (answer.isPaused()) answer.resume();
      await unlessStalled(something, (error) => answer.destroy(error));
    }
    const chunk = waiting.shift();
    bytes -= chunk?.length ?? 0;
    if (chunk === undefined && over !== undefined && 'error' in over) throw over.error;
    return chunk;
  };
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
