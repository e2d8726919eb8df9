import { type Dirent, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecords } from '../batch/readers/read-records.js';
import { runBatch } from '../batch/run-batch.js';
import type { Summary } from '../batch/summary.js';
import { ModeletError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { ObjectStore } from '../core/object-store.js';
import type { Service } from '../service.js';

export interface LocalInbox {
  /** Where data are, as a folder; its `inbox/<model>/` is watched. */
  readonly folder: string;
  readonly data: ObjectStore;
  serviceOf(model: string): Promise<Service>;
  readonly log: Log;
  /** An upload has its results. */
  onDone(model: string, key: string, summary: Summary): void;
  /** An upload has none yet: whether it is tried again, and why it failed. */
  onFailed(model: string, key: string, error: unknown, again: boolean): void;
}

/** How often the folder is looked at. A file counts once two looks have found it the same: it may still be written. */
const lookMs = 500;
/** What a queue does in half an hour is no use to somebody who waits in front of a screen. */
const pausesMs = [1000, 5000, 20_000];

/**
 * S3, queue and batch function on a laptop: what is put below `inbox/<model>/` gets its results, also what was put there while
 * nobody looked. One upload at a time. What fails for good is tried again at the next start.
 * @param signal ends it; what is under way is left as a kill would leave it, and goes on at the next start
 */
export async function watchInbox(inbox: LocalInbox, signal: AbortSignal): Promise<void> {
  const root = join(inbox.folder, 'inbox');
  const done = new Map<string, string>();
  let before = new Map<string, string>();
  mkdirSync(root, { recursive: true });
  while (!signal.aborted) {
    const found = filesBelow(root);
    for (const [path, state] of found) {
      if (signal.aborted) return;
      if (done.get(path) === state || before.get(path) !== state) continue;
      // Whatever comes of it: only a change makes it new work.
      done.set(path, state);
      const [model = '', ...rest] = path.split('/');
      if (rest.length > 0) await work(inbox, model, rest.join('/'), signal);
      else inbox.onFailed('', path, inNoFolder, false);
    }
    before = found;
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
  }
}

const inNoFolder = new ModeletError('INVALID_REQUEST', "it is in no model's folder; move it into one, as digits/");

async function work(inbox: LocalInbox, model: string, key: string, signal: AbortSignal): Promise<void> {
  const { data, log, serviceOf } = inbox;
  const since = new Date().toISOString();
  for (const pauseMs of [...pausesMs, undefined]) {
    try {
      const service = await serviceOf(model);
      const outcome = await runBatch({ service, data, read: readRecords, key, remainingMs: () => Infinity, log });
      // One that was there before the server started is no news.
      if (outcome.state === 'done' && outcome.summary.finished >= since) inbox.onDone(model, key, outcome.summary);
      return;
    } catch (error) {
      const again = pauseMs !== undefined && error instanceof ModeletError && error.retryable;
      inbox.onFailed(model, key, error, again);
      if (!again) return;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}

/** Paths below the folder → what changes when a file does. Names that start with a dot are files still being written. */
function filesBelow(root: string): Map<string, string> {
  const files = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) visit(path);
      // Of a link: of the file where it leads. The store says so where that is outside.
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isFile()) {
        files.set(relative(root, path).split(sep).join('/'), `${found.ino} ${found.size} ${found.mtimeMs}`);
      }
    }
  };
  visit(root);
  return files;
}

/** A folder may be removed while it is looked at. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
