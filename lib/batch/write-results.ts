import type { ObjectInfo, ObjectStore, PutCondition, StreamedBody } from '../core/object-store.js';
import { version } from '../core/version.js';
import type { Head } from './chain.js';
import type { Seen } from './look.js';
import type { BatchPaths } from './paths.js';
import type { Summary } from './summary.js';

/** A whole result, to be written. */
export interface Outcome {
  readonly model: string;
  readonly version?: string | undefined;
  readonly key: string;
  /** Only its etag, if that, where it is gone. */
  readonly upload: Partial<ObjectInfo>;
  readonly started: string;
  readonly head: Head;
  readonly rows: StreamedBody;
}

/**
 * Writes results and then the summary that makes them count, each only over what was seen there. Whether they count, another
 * look tells: where somebody else wrote meanwhile, they don't, and nothing is lost.
 */
export async function writeResults(data: ObjectStore, paths: BatchPaths, seen: Seen, outcome: Outcome): Promise<void> {
  const etag = await data.put(paths.results, outcome.rows, over(seen.results?.etag));
  if (etag === undefined) return;
  const summary = summaryOf(outcome, { etag, bytes: outcome.rows.bytes });
  await data.put(paths.summary, Buffer.from(`${JSON.stringify(summary, null, 1)}\n`), over(seen.summary?.etag));
}

const over = (etag: string | undefined): PutCondition => (etag === undefined ? { ifAbsent: true } : { ifMatch: etag });

function summaryOf({ model, version: of, key, upload, started, head }: Outcome, results: Summary['results']): Summary {
  const finished = new Date().toISOString();
  const { etag, modified, bytes } = upload;
  return {
    state: head.failure === undefined ? 'done' : 'failed',
    ...head.failure,
    model,
    version: of,
    input: { key, etag, modified: modified?.toISOString(), bytes },
    results,
    records: head.ok + head.failed,
    ok: head.ok,
    failed: head.failed,
    codes: head.codes,
    started,
    finished,
    durationMs: Math.max(0, Date.parse(finished) - Date.parse(started)),
    runs: head.by.length,
    modelet: version,
  };
}
