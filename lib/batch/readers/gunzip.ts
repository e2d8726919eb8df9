import { createGunzip } from 'node:zlib';
import { invalidInput, type ModeletError } from '../../core/errors.js';

/** Compressed bytes that are unpacked at once: at DEFLATE's limit of 1032 they make 8 MiB. */
const step = 8192;

/**
 * Unpacks gzip (RFC 1952; members one behind the other too), never further ahead than is asked for. What was unpacked comes
 * before the error about the rest (but for the 16 KiB in which damage shows): iterating over Node's own stream would lose it.
 * @throws INVALID_INPUT where it is damaged, cut off or empty
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const stream = createGunzip();
  let unpacked: Uint8Array[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake = () => {};
  stream.on('data', (chunk: Uint8Array) => unpacked.push(chunk));
  stream.on('error', (error) => {
    failure = error;
  });
  stream.on('end', () => {
    ended = true;
    wake();
  });
  stream.on('close', () => wake());

  /** Lets the stream work until it wants more, has ended or failed. @returns what it made */
  const settle = async (work: () => void): Promise<readonly Uint8Array[]> => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      work();
    });
    const made = unpacked;
    unpacked = [];
    return made;
  };

  try {
    for await (const bytes of source) {
      for (let from = 0; from < bytes.length && !ended; from += step) {
        yield* await settle(() => stream.write(bytes.subarray(from, from + step), () => wake()));
        if (failure !== undefined) throw damaged(failure);
      }
      // Behind its end are zeros, as tapes have them; anything else is damage.
      if (ended) return;
    }
    yield* await settle(() => stream.end());
    if (failure !== undefined) throw damaged(failure);
  } finally {
    stream.destroy();
  }
}

function damaged({ message }: Error): ModeletError {
  return invalidInput('', `the gzip is damaged or cut off (${message}); pack the file again`);
}
