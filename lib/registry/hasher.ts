import { once } from 'node:events';
import { ModeletError } from '../core/errors.js';
import { sha256 } from './registry.js';

export interface Hasher {
  /** SHA-256 as hex. The bytes must stay as they are until it is known. */
  hash(bytes: Uint8Array): Promise<string>;
  close(): void;
}

/** Hashes at once, where it is called. */
export const plainHasher: Hasher = { hash: async (bytes) => sha256(bytes), close: () => undefined };

const program = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (bytes) => {
  parentPort.postMessage(createHash('sha256').update(bytes).digest('hex'));
});
`;

/**
 * Hashes in a thread of its own, so that the next bytes can be read meanwhile: one after the other, since it is quicker than a
 * network. Bytes that both threads see already are hashed in place; others are copied for it into shared memory, since buffers
 * that move between threads have V8 collect garbage after every few, which takes longer.
 * @param most bytes that are hashed at once
 */
export function startHasher(most: number): Hasher {
  let copy: Uint8Array | undefined;
  // Not imported at the top: most starts need none.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  // As text, because a bundle is one file.
  const worker = new Worker(program, { eval: true });
  let broken: ModeletError | undefined;
  worker.on('error', (cause) => {
    broken = new ModeletError('MODEL_UNAVAILABLE', 'the thread that checks files broke; ask again', { cause });
  });
  const hashNext = async (bytes: Uint8Array): Promise<string> => {
    if (broken !== undefined) throw broken;
    worker.postMessage(bytes.buffer instanceof SharedArrayBuffer ? bytes : copied(bytes));
    const [hash] = await once(worker, 'message').catch((error) => Promise.reject(broken ?? error));
    return hash;
  };
  const copied = (bytes: Uint8Array): Uint8Array => {
    copy ??= new Uint8Array(new SharedArrayBuffer(most));
    copy.set(bytes);
    return copy.subarray(0, bytes.length);
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    hash: (bytes) => {
      const hash = last.then(() => hashNext(bytes));
      last = hash.catch(() => undefined);
      return hash;
    },
    close: () => void worker.terminate(),
  };
}
