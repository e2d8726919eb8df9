import { Worker } from 'node:worker_threads';
import { ModeletError } from '../core/errors.js';
import { sha256 } from './registry.js';

export interface Hasher {
  /** SHA-256 as hex of the buffer's first bytes. It is the hasher's until it gives it back. */
  hash(buffer: ArrayBuffer, length: number): Promise<Hashed>;
  close(): void;
}

interface Hashed {
  readonly buffer: ArrayBuffer;
  readonly sha256: string;
}

/** Hashes at once, where it is called. */
export const plainHasher: Hasher = {
  hash: async (buffer, length) => ({ buffer, sha256: sha256(new Uint8Array(buffer, 0, length)) }),
  close: () => undefined,
};

const program = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ buffer, length }) => {
  const sha256 = createHash('sha256').update(new Uint8Array(buffer, 0, length)).digest('hex');
  parentPort.postMessage({ buffer, sha256 }, [buffer]);
});
`;

/** Hashes in a thread of its own, so that the next bytes can be read meanwhile. Buffers move there and back, nothing is copied. */
export function startHasher(): Hasher {
  // As text, because a bundle is one file.
  const worker = new Worker(program, { eval: true });
  worker.unref();
  const waiting: { resolve(hashed: Hashed): void; reject(error: Error): void }[] = [];
  let broken: Error | undefined;
  worker.on('message', (hashed: Hashed) => waiting.shift()?.resolve(hashed));
  worker.on('error', (cause) => {
    broken = new ModeletError('MODEL_UNAVAILABLE', 'the thread that checks files broke; ask again', { cause });
    for (const { reject } of waiting.splice(0)) reject(broken);
  });
  return {
    hash: (buffer, length) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken);
        waiting.push({ resolve, reject });
        worker.postMessage({ buffer, length }, [buffer]);
      }),
    close: () => void worker.terminate(),
  };
}
