import { randomUUID } from 'node:crypto';
import { ModeletError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { ObjectInfo, ObjectStore, StreamedBody } from '../core/object-store.js';
import { production } from '../core/version-ref.js';
import type { Service } from '../service.js';
import { batchInput } from './batch-input.js';
import { beginningHead, type Chain, findChain, type Head, PartsGone, rowsOf, startChain } from './chain.js';
import { extendChain, type PartLimits } from './extend-chain.js';
import { InputChanged } from './input-changed.js';
import { countingSummary, look, type Seen } from './look.js';
import { batchPaths, workFolder } from './paths.js';
import type { ReadRecords } from './record.js';
import { removeWork } from './remove-work.js';
import type { Summary } from './summary.js';
import { writeResults } from './write-results.js';

export interface BatchJob {
  readonly service: Service;
  readonly data: ObjectStore;
  readonly read: ReadRecords;
  /** Of the upload, below `inbox/<model>/`. */
  readonly key: string;
  /** That an event named: told in the summary where the upload is gone. What is worked on is what is there now. */
  readonly etag?: string;
  /** Until the host ends this invocation. */
  remainingMs(): number;
  readonly log: Log;
  onProgress?(progress: BatchProgress): void;
}

export interface BatchProgress {
  readonly records: number;
  readonly failed: number;
  /** Of the input, read so far. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** `done`: a summary counts, whoever wrote it. `unfinished`: time was up; another invocation goes on after so many records. */
export type BatchOutcome =
  | { readonly state: 'done'; readonly summary: Summary }
  | { readonly state: 'unfinished'; readonly records: number };

const partLimits: PartLimits = { bytes: 4 * 2 ** 20, ms: 20_000 };

/** For the pass under way and a part to be written, in the worst case by several attempts. */
const longestReserveMs = 30_000;
/** Results are put together at this speed at least. */
const mergeBytesPerMs = 10_000;
/** One look, one step, and look again: four are usual. More are others' doing, who write at the same time. */
const mostRounds = 30;

/**
 * Sees to it that the upload which is at this key now has its results, each record in one row; docs/batch.md says how. It may
 * be called any number of times, at the same time too, and be broken off anywhere.
 * @throws MODEL_UNAVAILABLE where a later call may succeed, INVALID_REQUEST for a key that the store can't hold
 */
export async function runBatch(job: BatchJob, limits: PartLimits = partLimits): Promise<BatchOutcome> {
  const { service, data, key, log } = job;
  const paths = batchPaths(service.model, key);
  const invocation = randomUUID().slice(0, 8);
  const reserveMs = Math.min(longestReserveMs, job.remainingMs() / 4);
  const isLate = () => job.remainingMs() < reserveMs;
  let hasWorked = false;

  const write = (
    seen: Seen,
    { version, started, head }: Pick<Chain, 'started' | 'head'> & { version?: string },
    rows: StreamedBody,
  ) =>
    writeResults(data, paths, seen, {
      model: service.model,
      version,
      key,
      upload: seen.upload ?? { ...(job.etag !== undefined && { etag: job.etag }) },
      started,
      head,
      rows,
    });

  /** A result without rows, which says why. */
  const fail = (seen: Seen, { code, message }: ModeletError): Promise<void> => {
    const head = { ...beginningHead, last: true, failure: { error: message, code }, by: [invocation] };
    return write(seen, { started: new Date().toISOString(), head }, nothing);
  };

  /** @param instead etag of the mark of a run that can't go on */
  const start = async (seen: Seen, folder: string, instead: string | undefined): Promise<void> => {
    try {
      const { version } = await service.describe(production, key);
      await startChain(data, folder, version, instead);
    } catch (error) {
      if (!isOfModel(error)) throw error;
      await fail(seen, error);
    }
  };

  const extend = async (upload: ObjectInfo, chain: Chain): Promise<Chain> => {
    let bytes = chain.head.next.offset ?? 0;
    const input = batchInput(data, service.model, key, upload, (count) => {
      bytes += count;
    });
    const onRow = ({ ok, failed }: Head) =>
      job.onProgress?.({
        records: ok + failed,
        failed,
        bytes: Math.min(bytes, upload.bytes),
        totalBytes: upload.bytes,
      });
    const manifest = await service.describe({ version: chain.version });
    return extendChain({ ...job, input, manifest, invocation, limits, isLate, onRow }, chain);
  };

  /** One step towards the result. @returns records so far, where there is no time for more */
  const step = async (seen: Seen): Promise<number | undefined> => {
    const { upload } = seen;
    if (upload === undefined) return void (await fail(seen, uploadGone));
    const folder = paths.work + workFolder(upload);
    const { chain, etag } = await findChain(data, folder);
    if (chain === undefined) return void (await start(seen, folder, etag));
    if (chain.head.last) {
      // Whoever has all its time left puts them together.
      const neededMs = reserveMs + chain.head.bytes / mergeBytesPerMs;
      if (hasWorked && job.remainingMs() < neededMs) return recordsOf(chain);
      return void (await write(seen, chain, rowsOf(data, chain)));
    }
    hasWorked = true;
    try {
      const extended = await extend(upload, chain);
      return extended.head.last ? undefined : recordsOf(extended);
    } catch (error) {
      if (!isOfModel(error)) throw error;
      log.warn('a batch starts again, as its version is gone', { key, version: chain.version });
      return void (await start(seen, folder, etag));
    }
  };

  for (let round = 0; round < mostRounds; round++) {
    const seen = await look(data, paths);
    const summary = countingSummary(seen);
    if (summary !== undefined) {
      await removeWork(data, seen.work);
      return { state: 'done', summary };
    }
    try {
      const records = await step(seen);
      if (records !== undefined) return { state: 'unfinished', records };
    } catch (error) {
      if (!(error instanceof InputChanged) && !(error instanceof PartsGone)) throw error;
    }
  }
  throw new ModeletError('MODEL_UNAVAILABLE', `others write ${paths.results} again and again; try again later`);
}

const nothing: StreamedBody = {
  bytes: 0,
  open: async function* () {
    // No row.
  },
};

const uploadGone = new ModeletError('NOT_FOUND', 'the upload was removed before it was read; upload it again');

const recordsOf = ({ head: { ok, failed } }: Chain): number => ok + failed;

const isOfModel = (error: unknown): error is ModeletError =>
  error instanceof ModeletError && ['MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'MODEL_CORRUPT'].includes(error.code);
