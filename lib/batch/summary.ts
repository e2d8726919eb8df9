import * as v from 'valibot';
import { readJson } from './read-json.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const summarySchema = v.object({
  /** `failed`: the input could not be read to its end, or the model could not answer; results hold what came before that. */
  state: v.picklist(['done', 'failed']),
  /** Why it failed. */
  error: v.optional(v.string()),
  code: v.optional(v.string()),
  model: v.string(),
  /** The model's version, one for all records; absent where none could be found. */
  version: v.optional(v.string()),
  /** Below `inbox/<model>/`; without etag where the upload was gone before it was read. */
  input: v.object({
    key: v.string(),
    etag: v.optional(v.string()),
    modified: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    bytes: v.optional(count),
  }),
  /** The results of another etag are not what this summary speaks of. */
  results: v.object({ etag: v.string(), bytes: count }),
  records: count,
  ok: count,
  failed: count,
  /** Failed records by the code of their error. */
  codes: v.record(v.string(), count),
  started: v.pipe(v.string(), v.isoTimestamp()),
  finished: v.pipe(v.string(), v.isoTimestamp()),
  durationMs: count,
  /** Invocations that worked on it. */
  runs: count,
  /** Of modelet. */
  modelet: v.string(),
});

/** `summary.json`: what became of an upload. */
export type Summary = v.InferOutput<typeof summarySchema>;

/** @returns undefined for bytes that are no summary */
export function parseSummary(bytes: Uint8Array): Summary | undefined {
  return readJson(summarySchema, bytes);
}
