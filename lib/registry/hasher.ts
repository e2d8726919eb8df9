import { Worker } from 'node:worker_threads';
import { ModeletError } from '../core/errors.js';
import { sha256 } from './registry.js';

export interface Hasher {
  /** SHA-256 as hex. */
  hash(bytes: Uint8Array): Promise<string>;
  close(): void;
}

/** Hashes at once, where it is called. */
export const plainHasher: Hasher = { hash: async (bytes) => sha256(bytes), close: () => undefined };

const program = `
const { createHash } = require('node:crypto');
const { parentPort, workerData } = require('node:worker_threads');
parentPort.on('message', ({ start, length }) => {
  const bytes = new Uint8Array(workerData, start, length);
  parentPort.postMessage(createHash('sha256').update(bytes).digest('hex'));
});
`;

/**
 * Hashes in a thread of its own, so that the next bytes can be read meanwhile. They are copied for it into shared memory: buffers
 * that move between threads have V8 collect garbage after every few, which takes longer.
 * @param most hashes that are asked for at once, of `size` bytes each at most
 */
export function startHasher(most: number, size: number): Hasher {
  const shared = new SharedArrayBuffer(most * size);
  // As text, because a bundle is one file.
  const worker = new Worker(program, { eval: true, workerData: shared });
  worker.unref();
  const starts = Array.from({ length: most }, (_, index) => index * size);
  const waiting: { readonly start: number; resolve(hash: string): void; reject(error: Error): void }[] = [];
  let broken: Error | undefined;
  worker.on('message', (hash: string) => {
    const first = waiting.shift();
    if (first === undefined) return;
    starts.push(first.start);
    first.resolve(hash);
  });
  worker.on('error', (cause) => {
    broken = new ModeletError('MODEL_UNAVAILABLE', 'the thread that checks files broke; ask again', { cause });
    for (const { reject } of waiting.splice(0)) reject(broken);
  });
  return {
    hash: (bytes) =>
      new Promise((resolve, reject) => {
        const start = starts.pop();
        if (broken !== undefined || start === undefined) return reject(broken ?? new RangeError('too many at once'));
        new Uint8Array(shared, start, bytes.length).set(bytes);
        waiting.push({ start, resolve, reject });
        worker.postMessage({ start, length: bytes.length });
      }),
    close: () => void worker.terminate(),
  };
}
