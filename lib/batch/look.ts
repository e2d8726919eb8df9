import type { ObjectInfo, ObjectStore } from '../core/object-store.js';
import { type BatchPaths, isWorkFolder } from './paths.js';
import { parseSummary, type Summary } from './summary.js';

/** What is there of one key, at one time. */
export interface Seen {
  /** Folders of runs, full prefixes. */
  readonly work: readonly string[];
  readonly results: ObjectInfo | undefined;
  readonly summary: { readonly etag: string; readonly content: Summary | undefined } | undefined;
  readonly upload: ObjectInfo | undefined;
}

/**
 * The order matters. Work is listed first: where the upload then has its results, all that was listed is of no more use. The
 * upload comes last: who then replaces results that are still as they were seen replaces none of a later upload.
 */
export async function look(data: ObjectStore, paths: BatchPaths): Promise<Seen> {
  const work = (await data.list(paths.work)).filter(isWorkFolder).map((name) => paths.work + name);
  const results = await data.stat(paths.results);
  const object = await data.get(paths.summary);
  const summary = object && { etag: object.etag, content: parseSummary(object.body) };
  return { work, results, summary, upload: await data.stat(paths.input) };
}

/**
 * The summary that counts: it names the results that are there and the upload that is there. Where the upload was removed,
 * the results of the last one stay.
 */
export function countingSummary({ results, summary, upload }: Seen): Summary | undefined {
  const content = summary?.content;
  if (content === undefined || content.results.etag !== results?.etag) return undefined;
  const { etag, modified } = content.input;
  const isOfUpload = upload === undefined || (etag === upload.etag && modified === upload.modified.toISOString());
  return isOfUpload ? content : undefined;
}
