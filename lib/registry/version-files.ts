import { setTimeout } from 'node:timers/promises';
import { ModeletError } from '../core/errors.js';
import { type FileEntry, type Manifest, partBytes } from '../core/manifest.js';
import type { ObjectStore } from '../core/object-store.js';
import type { VersionFiles } from '../core/version-files.js';
import { type Hasher, plainHasher, startHasher } from './hasher.js';
import { sha256, versionFolder } from './registry.js';

/** Parts that are read, checked and placed at once: enough to keep a network busy, and 32 MiB of memory. */
const lanes = 4;

/** From this many bytes on, parts are hashed in a thread of their own. To start it takes as long as to hash some of them. */
const hashedApart = 8 * partBytes;

/** A part is tried this often, after pauses that double from about this long, in milliseconds. */
const tries = 4;
const firstPause = 100;

/** No try starts later than this after the first of its part, in milliseconds: who waits for the load has 29 s. */
const patience = 8_000;

/** A file that was replaced while it was read. A version never changes, so it may be a copy put back: worth reading afresh. */
export class FileReplaced extends ModeletError {
  constructor(key: string) {
    super('MODEL_UNAVAILABLE', `${key} was replaced while it was read; ask again`);
  }
}

/** What came is not what was published; on the way, or for good. */
class Damaged extends ModeletError {
  constructor(key: string) {
    super(
      'MODEL_CORRUPT',
      `${key} is not the file that was published (its checksum differs); publish the version again`,
    );
  }
}

interface Part {
  readonly file: FileEntry;
  readonly start: number;
  readonly end: number;
  readonly sha256: string;
}

/**
 * A version's files as one load reads them: each file is one object throughout, also where its parts are read at different
 * times, and every byte is held against the manifest.
 * Both functions throw MODEL_CORRUPT for a file that is missing or differs, MODEL_UNAVAILABLE where the store fails again and again.
 */
export function openVersion(store: ObjectStore, manifest: Manifest): VersionFiles {
  const folder = versionFolder(manifest.model, manifest.version);
  const etags = new Map<string, string>();

  const entry = (name: string): FileEntry => {
    const file = manifest.files.find((one) => one.name === name);
    if (file !== undefined) return file;
    throw new ModeletError('MODEL_CORRUPT', `the manifest of ${manifest.model}@${manifest.version} lacks ${name}`);
  };

  /** The bytes of a file that is no larger than a part, in one plain read. */
  const readWhole = async (file: FileEntry, signal: AbortSignal): Promise<Uint8Array> => {
    const key = folder + file.name;
    const object = await store.get(key, { signal });
    if (object === undefined) throw missing(key);
    if (object.body.length !== file.bytes || sha256(object.body) !== file.sha256) throw new Damaged(key);
    return object.body;
  };

  const readPart = async (part: Part, into: Uint8Array, hasher: Hasher, signal: AbortSignal): Promise<void> => {
    const { file, start } = part;
    const key = folder + file.name;
    const known = etags.get(key);
    const object = await store.readInto(key, into, { start, signal, ...(known !== undefined && { etag: known }) });
    if (object === undefined) throw missing(key);
    if (object === 'changed') throw new FileReplaced(key);
    // The first parts of a file are asked for together, before any of them could tell its etag.
    if ((etags.get(key) ?? object.etag) !== object.etag) throw new FileReplaced(key);
    etags.set(key, object.etag);
    if (object.bytes !== file.bytes || (await hasher.hash(into)) !== part.sha256) throw new Damaged(key);
  };

  /** @param startLane makes what one lane does with part after part */
  const inLanes = async (
    files: readonly FileEntry[],
    startLane: (hasher: Hasher, signal: AbortSignal) => (part: Part) => Promise<void>,
  ): Promise<void> => {
    const waiting = files.flatMap(partsOf);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const hasher = bytes < hashedApart ? plainHasher : startHasher(partBytes);
    const controller = new AbortController();
    const failures: unknown[] = [];
    const lane = async (): Promise<void> => {
      const work = startLane(hasher, controller.signal);
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await work(part);
    };
    const fail = (error: unknown): void => {
      failures.push(error);
      waiting.length = 0;
      controller.abort();
    };
    await Promise.all(Array.from({ length: lanes }, () => lane().catch(fail)));
    hasher.close();
    if (failures.length > 0) throw failures[0];
  };

  const readParts: VersionFiles['readParts'] = async (names, take) =>
    inLanes(names.map(entry), (hasher, signal) => {
      let buffer: Uint8Array | undefined;
      const bytesOf = async (part: Part): Promise<Uint8Array> => {
        if (part.file.bytes <= partBytes) return readWhole(part.file, signal);
        buffer ??= new Uint8Array(partBytes);
        const into = buffer.subarray(0, part.end - part.start);
        await readPart(part, into, hasher, signal);
        return into;
      };
      return async (part) => {
        const bytes = await patiently(() => bytesOf(part), signal);
        await take({ file: part.file.name, start: part.start, bytes });
      };
    });

  const readInto: VersionFiles['readInto'] = async (name, into) => {
    const file = entry(name);
    await inLanes([file], (hasher, signal) => async (part) => {
      if (file.bytes <= partBytes) into.set(await patiently(() => readWhole(file, signal), signal));
      else await patiently(() => readPart(part, into.subarray(part.start, part.end), hasher, signal), signal);
    });
  };

  return {
    readParts,
    readInto,
    read: async (name) => {
      const file = entry(name);
      if (file.bytes <= partBytes) {
        const { signal } = new AbortController();
        return patiently(() => readWhole(file, signal), signal);
      }
      const whole = new Uint8Array(file.bytes);
      await readInto(name, whole);
      return whole;
    },
  };
}

/** Pauses are random, so that many functions that start at once don't come back at once. */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const since = performance.now();
  for (let count = 1; ; count++) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof Damaged ? count < 2 : isPassing(error) && count < tries;
      if (!again || signal.aborted || performance.now() - since > patience) throw error;
    }
    await setTimeout(firstPause * 2 ** (count - 1) * (0.5 + Math.random()), undefined, { signal });
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof ModeletError && error.retryable && !(error instanceof FileReplaced);

function partsOf(file: FileEntry): Part[] {
  const { bytes, parts } = file;
  if (bytes <= partBytes) return [{ file, start: 0, end: bytes, sha256: file.sha256 }];
  if (parts.length !== Math.ceil(bytes / partBytes)) {
    throw new ModeletError('MODEL_CORRUPT', `the manifest has ${parts.length} checksums for the parts of ${file.name}`);
  }
  return parts.map((sha256, index) => {
    const start = index * partBytes;
    return { file, start, end: Math.min(bytes, start + partBytes), sha256 };
  });
}

function missing(key: string): ModeletError {
  return new ModeletError('MODEL_CORRUPT', `${key} is missing; publish the version again`);
}
