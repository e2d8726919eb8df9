import { createHash, randomBytes } from 'node:crypto';
import { findChain } from '../batch/chain.js';
import { countingSummary, look } from '../batch/look.js';
import { batchPaths, workFolder } from '../batch/paths.js';
import { removeWork } from '../batch/remove-work.js';
import type { Summary } from '../batch/summary.js';
import { type ErrorCode, ModeletError } from '../core/errors.js';
import type { ObjectStore } from '../core/object-store.js';
import { type JobRecord, parseJobRecord, parseJobRequest } from './job.js';
import type { Links, UploadLink } from './links.js';

/** A job as its client sees it. */
export interface JobView {
  readonly id: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** While its upload is awaited. */
  readonly upload?: UploadLink;
  /** Share of the upload that has its answers. */
  readonly progress?: number;
  /** results.jsonl; its address lives minutes, ask for the job again to get a new one. */
  readonly result?: { readonly url: string };
  readonly summary?: Summary;
  readonly error?: { readonly error: string; readonly code: ErrorCode };
}

/** Work too large for a request: an upload into the inbox, and its batch. A consumer never sees another's job. */
export interface Jobs {
  /** @throws INVALID_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE */
  create(consumer: string, body: unknown, links: Links): Promise<JobView>;
  /** @throws NOT_FOUND */
  state(consumer: string, id: string, links: Links): Promise<JobView>;
  /** Cancels what is under way and removes upload and results. @throws NOT_FOUND */
  remove(consumer: string, id: string): Promise<void>;
}

/**
 * How long an upload is awaited, ms. Each look at the job gives a new address; one that is in use can't be seen, and S3 asks only
 * when a PUT begins whether its address still lives.
 */
const longestWait = 24 * 60 * 60 * 1000;

const idPattern = /^[0-9a-f]{32}$/;
const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

export function createJobs(model: string, data: ObjectStore): Jobs {
  const recordKey = (consumer: string, id: string) => `jobs/${model}/${digest(consumer)}/${id}.json`;

  const find = async (consumer: string, id: string): Promise<JobRecord> => {
    const object = idPattern.test(id) ? await data.get(recordKey(consumer, id)) : undefined;
    const record = object && parseJobRecord(object.body);
    if (record !== undefined) return record;
    throw new ModeletError('NOT_FOUND', 'there is no such job; it was removed, has expired, or is not yours');
  };

  const view = async (record: JobRecord, links: Links): Promise<JobView> => {
    const { id, key, bytes, contentType, created } = record;
    const paths = batchPaths(model, key);
    const seen = await look(data, paths);
    const summary = countingSummary(seen);
    if (summary !== undefined) {
      const { state, error = '', code } = summary;
      const result = { url: await links.download(paths.results) };
      if (state === 'done') return { id, state, progress: 1, result, summary };
      return { id, state, result, summary, error: { error, code: code as ErrorCode } };
    }
    if (seen.upload === undefined) {
      if (Date.parse(created) + longestWait > Date.now()) {
        return { id, state: 'waiting', upload: await links.upload(paths.input, { bytes, contentType }) };
      }
      const error = 'the upload never came; start another job';
      return { id, state: 'failed', error: { error, code: 'NOT_FOUND' } };
    }
    const { chain } = await findChain(data, paths.work + workFolder(seen.upload));
    if (chain === undefined) return { id, state: 'waiting', progress: 0 };
    const { next, last } = chain.head;
    // How far a packed upload is read, no part says.
    const progress = last ? 1 : (next.offset ?? 0) / bytes;
    return { id, state: 'running', progress: Math.min(0.99, progress) };
  };

  return {
    create: async (consumer, body, links) => {
      const { bytes, contentType, clientToken, ending } = parseJobRequest(body);
      const id = clientToken === undefined ? randomBytes(16).toString('hex') : digest(model, consumer, clientToken);
      // Never the key of a removed job with the same token: its run, or its upload, may still come to an end there.
      const key = `jobs/${id}-${randomBytes(4).toString('hex')}.${ending}`;
      const record: JobRecord = { id, key, bytes, contentType, created: new Date().toISOString() };
      const at = recordKey(consumer, id);
      if ((await data.put(at, Buffer.from(JSON.stringify(record)), { ifAbsent: true })) !== undefined) {
        return view(record, links);
      }
      const known = await find(consumer, id);
      if (known.bytes === bytes && known.contentType === contentType) return view(known, links);
      const was = `${known.bytes} bytes of ${known.contentType}`;
      throw new ModeletError('INVALID_REQUEST', `clientToken: belongs to a job of ${was}; use another for this one`);
    },

    state: async (consumer, id, links) => view(await find(consumer, id), links),

    remove: async (consumer, id) => {
      const { key } = await find(consumer, id);
      const paths = batchPaths(model, key);
      // The upload first: a run that is under way ends when it finds it gone.
      await data.delete(paths.input);
      const { work } = await look(data, paths);
      await removeWork(data, work);
      await data.delete(paths.summary);
      await data.delete(paths.results);
      await data.delete(recordKey(consumer, id));
    },
  };
}
