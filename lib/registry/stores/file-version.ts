import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ObjectInfo } from '../../core/object-store.js';
import { byteStream } from './byte-stream.js';
import { allowing } from './file-errors.js';

const chunkBytes = 2 ** 18;
/** How many etags are remembered. */
const remembered = 1000;

/** A file as it was when it was opened, whatever its name stands for by now. Whoever opened it closes it. */
export interface FileVersion {
  readonly info: ObjectInfo;
  /** The bytes from `start` to before `end`, which close the file when they end; they break off where the file was written into. */
  read(
    start: number,
    end: number,
    signal: AbortSignal | undefined,
    explain: (cause: unknown) => Error,
  ): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Opens files and knows their etags: the content's sha256, which is taken once from large files that stay as they are. */
export function fileVersions(): (path: string) => Promise<FileVersion | undefined> {
  const etags = new Map<string, Promise<string>>();

  /** One hashing however many ask at once: parts of a large file are read side by side. */
  function etagOf(file: FileHandle, found: BigIntStats): Promise<string> {
    const stamp = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
    const known = etags.get(stamp);
    if (known !== undefined) return known;
    const etag = hashOf(file);
    if (isSettled(found)) {
      if (etags.size >= remembered) etags.clear();
      etags.set(stamp, etag);
      etag.catch(() => etags.delete(stamp));
    }
    return etag;
  }

  return async (path) => {
    const file = await allowing(['ENOENT', 'ENOTDIR', 'EISDIR'], open(path));
    if (file === undefined) return undefined;
    try {
      const found = await file.stat({ bigint: true });
      if (!found.isFile()) {
        await file.close();
        return undefined;
      }
      const { size, mtimeNs, mtime } = found;
      const info = { etag: await etagOf(file, found), bytes: Number(size), modified: mtime };

      const chunkAt = async (at: number, end: number): Promise<Uint8Array> => {
        const chunk = await readAt(file, at, Math.min(chunkBytes, end - at));
        const now = await file.stat({ bigint: true });
        // Its name may stand for another file by now; but written into, it would yield bytes of two.
        if (now.size !== size || now.mtimeNs !== mtimeNs || chunk.length === 0) {
          throw new Error('it was changed while it was read');
        }
        return chunk;
      };

      return {
        info,
        read: (start, end, signal, explain) => {
          let at = start;
          return byteStream(
            async () => {
              signal?.throwIfAborted();
              if (at >= end) return undefined;
              const chunk = await chunkAt(at, end).catch((cause) => Promise.reject(explain(cause)));
              at += chunk.length;
              return chunk;
            },
            () => file.close(),
          );
        },
        close: () => file.close(),
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  };
}

/** Whether a file that is written into from now on has another time: file systems that count in seconds need two. */
function isSettled({ ctimeMs, ctimeNs }: BigIntStats): boolean {
  const tick = ctimeNs % 1_000_000_000n === 0n ? 2000 : 50; // ms
  return Date.now() - Number(ctimeMs) > tick;
}

async function hashOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; ; ) {
    const chunk = await readAt(file, at, chunkBytes);
    if (chunk.length === 0) return hash.digest('hex');
    hash.update(chunk);
    at += chunk.length;
  }
}

async function readAt(file: FileHandle, at: number, bytes: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, at);
  return buffer.subarray(0, bytesRead);
}
