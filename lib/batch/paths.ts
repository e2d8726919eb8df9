import { createHash } from 'node:crypto';
import type { ObjectInfo } from '../core/object-store.js';

/** Where in the data store an upload and what becomes of it are. */
export interface BatchPaths {
  readonly input: string;
  readonly results: string;
  /** The commit mark: results count only where it names their etag. */
  readonly summary: string;
  /** Prefix of the state of unfinished runs: a folder for each upload that was ever at this key. */
  readonly work: string;
}

/** @param key below `inbox/<model>/` */
export function batchPaths(model: string, key: string): BatchPaths {
  return {
    input: `inbox/${model}/${key}`,
    results: `outbox/${model}/${key}/results.jsonl`,
    summary: `outbox/${model}/${key}/summary.json`,
    work: `work/${model}/${key}/`,
  };
}

/** A folder's name for one upload; the same bytes uploaded again are another one. */
export function workFolder(upload: ObjectInfo): string {
  const identity = `${upload.etag} ${upload.modified.toISOString()}`;
  return `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}/`;
}

/** Told from folders of longer keys (`work/<model>/<key>/more/…`). */
export const isWorkFolder = (name: string): boolean => /^[0-9a-f]{32}\/$/.test(name);
