import { batchInput } from '../batch/batch-input.js';
import { type Chain, findStart, startChain } from '../batch/chain.js';
import { countingSummary, look } from '../batch/look.js';
import { batchPaths } from '../batch/paths.js';
import { readPlaces } from '../batch/readers/read-records.js';
import type { Place } from '../batch/record.js';
import { ModeletError } from '../core/errors.js';
import { production } from '../core/version-ref.js';
import { chunksKey } from './chunk.js';
import { currentUpload, type DistributedJob, jobFolder } from './distributed-job.js';
import { type Plan, readPlan, readUnfinished, writePlan, writeUnfinished } from './plan.js';

/** When a chunk is full. */
export interface ChunkLimits {
  readonly records: number;
  /** Of the input. */
  readonly bytes: number;
}

/** A chunk's rows are one object, which the merge holds in memory. */
const chunkLimits: ChunkLimits = { records: 1000, bytes: 4 * 2 ** 20 };

/** `done`: its results are there already. `unfinished`: time was up; the next call goes on. */
export type PlanOutcome =
  | { readonly state: 'done' | 'unfinished' }
  | { readonly state: 'planned'; readonly chunks: number; readonly list: string };

/**
 * Pins the model's version for the whole job and cuts the upload into chunks at the ends of records, which one pass over it finds.
 * @throws InputChanged; UNSUPPORTED_MEDIA_TYPE where it can't be entered in its middle; MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function planChunks(job: DistributedJob, limits: ChunkLimits = chunkLimits): Promise<PlanOutcome> {
  const { service, data, key } = job;
  const seen = await look(data, batchPaths(service.model, key));
  if (countingSummary(seen) !== undefined) return { state: 'done' };
  checkEntered(key);
  const upload = await currentUpload(job);
  const start = await pin(job);
  const planned = (plan: Plan): PlanOutcome => ({
    state: 'planned',
    chunks: plan.chunks.length,
    list: chunksKey(start),
  });
  const found = await readPlan(data, start);
  if (found !== undefined) return planned(found);

  const manifest = await service.describe({ version: start.version });
  const context = { mediaTypes: service.mediaTypes(manifest), task: manifest.task.name };
  const input = batchInput(data, service.model, key, upload, () => undefined);
  const { chunks, next: from } = await readUnfinished(data, start);
  const reserveMs = Math.min(30_000, job.remainingMs() / 4);
  let begin = from;
  let end = from;
  const close = (): void => {
    chunks.push({ number: chunks.length, start: begin, end: end.index });
    begin = end;
  };
  let failure: Plan['failure'];
  try {
    for await (const place of readPlaces(input, context, from)) {
      end = place;
      if (!isFull(begin, end, limits)) continue;
      close();
      if (job.remainingMs() > reserveMs) continue;
      await writeUnfinished(data, start, { chunks, next: begin });
      return { state: 'unfinished' };
    }
  } catch (error) {
    // The input is bad as a whole: what came before counts.
    if (!(error instanceof ModeletError) || !ofInput.includes(error.code)) throw error;
    failure = { error: error.message, code: error.code };
  }
  if (end.index > begin.index) close();
  const plan = { chunks, failure };
  await writePlan(data, start, plan);
  return planned(plan);
}

/** @throws UNSUPPORTED_MEDIA_TYPE for what is read from its beginning only: each chunk would unpack all before it */
export function checkEntered(key: string): void {
  const [ending] = /\.(gz|tgz|tar)$/i.exec(key) ?? [];
  if (ending === undefined) return;
  const message = `a ${ending} can't be entered in its middle; upload it unpacked or as a .zip, or leave it to its queue`;
  throw new ModeletError('UNSUPPORTED_MEDIA_TYPE', message);
}

const ofInput: readonly string[] = ['INVALID_INPUT', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE'];

function isFull(begin: Place, end: Place, { records, bytes }: ChunkLimits): boolean {
  if (end.index - begin.index >= records) return true;
  return begin.offset !== undefined && end.offset !== undefined && end.offset - begin.offset >= bytes;
}

/** Tries at pinning: another is needed only where somebody else pins at the same moment, or deletes a version. */
const mostTries = 5;

/** The version that answers for the whole job: as somebody pinned it before, as long as there is this version. */
async function pin(job: DistributedJob): Promise<Chain> {
  const { service, data, key } = job;
  const folder = jobFolder(job);
  for (let tries = 0; tries < mostTries; tries++) {
    const { start, etag } = await findStart(data, folder);
    const isThere =
      start !== undefined &&
      (await service.describe({ version: start.version }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ModeletError && error.code === 'VERSION_NOT_FOUND') return false;
          throw error;
        },
      ));
    if (isThere) return start;
    const { version } = await service.describe(production, key);
    await startChain(data, folder, version, etag);
  }
  throw new ModeletError('MODEL_UNAVAILABLE', `others pin versions in ${folder} again and again; try again later`);
}
