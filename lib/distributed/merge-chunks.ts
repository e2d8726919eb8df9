import { followChain, PartsGone } from '../batch/chain.js';
import { countingSummary, look } from '../batch/look.js';
import { batchPaths } from '../batch/paths.js';
import { removeWork } from '../batch/remove-work.js';
import type { Summary } from '../batch/summary.js';
import { writeResults } from '../batch/write-results.js';
import { ModeletError } from '../core/errors.js';
import { chunkChain } from './chunk.js';
import { currentUpload, type DistributedJob, startOf } from './distributed-job.js';
import { mergedHead, mergedRows, type Piece } from './merged-rows.js';
import { readPlan } from './plan.js';

/** Heads that are read at the same time. */
const width = 16;
/** One look, one write, and look again: two are usual. */
const mostRounds = 10;

/**
 * Puts the chunks together as the one result, in the input's order, by the same rules as any batch: whoever else writes, one counts.
 * @param options.tolerated records of chunks that are not whole get rows that say so; else they are an error
 * @throws InputChanged; INFERENCE_FAILED where chunks are not whole; NOT_FOUND where the job was cancelled; MODEL_UNAVAILABLE
 */
export async function mergeChunks(job: DistributedJob, options: { readonly tolerated: boolean }): Promise<Summary> {
  const { service, data, key, upload } = job;
  const paths = batchPaths(service.model, key);
  for (let round = 0; round < mostRounds; round++) {
    const seen = await look(data, paths);
    const summary = countingSummary(seen);
    if (summary !== undefined) {
      await removeWork(data, seen.work);
      return summary;
    }
    await currentUpload(job);
    const { pieces, failure, version, started } = await gather(job);
    const broken = pieces.filter(({ missing }) => missing > 0).length;
    if (broken > 0 && !options.tolerated) throw notWhole(broken, pieces.length);
    const rows = mergedRows(data, pieces);
    const last = pieces.at(-1);
    const next = { index: last === undefined ? 0 : last.chain.head.next.index + last.missing };
    const head = { ...mergedHead(pieces, failure), bytes: rows.bytes, next };
    try {
      await writeResults(data, paths, seen, {
        model: service.model,
        version,
        key,
        upload: seen.upload ?? {},
        started,
        head,
        rows,
      });
    } catch (error) {
      if (!(error instanceof PartsGone)) throw error;
    }
  }
  throw new ModeletError('MODEL_UNAVAILABLE', `others write the results of ${upload} again and again; try again later`);
}

/** What there is of each chunk, up to the first that the model or the input ended for good. */
async function gather(job: DistributedJob) {
  const { data } = job;
  const start = await startOf(job);
  const plan = await readPlan(data, start);
  if (plan === undefined) throw new ModeletError('NOT_FOUND', 'the job was never planned; start it again');
  const { version, started } = start;
  const pieces: Piece[] = [];
  for (let at = 0; at < plan.chunks.length; at += width) {
    const some = await Promise.all(
      plan.chunks.slice(at, at + width).map(async (chunk): Promise<Piece> => {
        const chain = await followChain(data, chunkChain(start, chunk));
        const { last, failure, next } = chain.head;
        const missing = chunk.end - next.index;
        if (missing < 0 || (last && failure === undefined && missing > 0)) throw otherList();
        return { chain, missing: last ? 0 : missing };
      }),
    );
    for (const piece of some) {
      pieces.push(piece);
      const { failure } = piece.chain.head;
      if (failure !== undefined) return { pieces, failure, version, started };
    }
  }
  return { pieces, failure: plan.failure, version, started };
}

const otherList = () =>
  new ModeletError(
    'INVALID_INPUT',
    'the chunk list was changed while it was worked on; cancel the job and start it again',
  );

function notWhole(broken: number, chunks: number): ModeletError {
  const message = `${broken} of ${chunks} chunks are not whole; look why their functions failed, and start the job again: what is done stays`;
  return new ModeletError('INFERENCE_FAILED', message);
}
