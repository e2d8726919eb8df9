import { randomUUID } from 'node:crypto';
import { batchInput } from '../batch/batch-input.js';
import { findStart, followChain } from '../batch/chain.js';
import { extendChain, type PartLimits } from '../batch/extend-chain.js';
import { readRecords } from '../batch/readers/read-records.js';
import type { ReadRecords } from '../batch/record.js';
import { ModeletError } from '../core/errors.js';
import { type Chunk, chunkChain } from './chunk.js';
import { currentUpload, type DistributedJob, jobFolder } from './distributed-job.js';

const partLimits: PartLimits = { bytes: 4 * 2 ** 20, ms: 20_000 };

/**
 * Adds to the results what is not there yet of some chunks. What it has written stays, wherever it is broken off; others at the
 * same chunk at the same time do no harm.
 * @returns `unfinished` where time was up; the next call goes on
 * @throws InputChanged, VERSION_NOT_FOUND; MODEL_UNAVAILABLE and DEADLINE_EXCEEDED where another try may succeed
 */
export async function workOnChunks(
  job: DistributedJob,
  chunks: readonly Chunk[],
  limits: PartLimits = partLimits,
): Promise<{ readonly state: 'done' | 'unfinished' }> {
  const { service, data, key } = job;
  const { start } = await findStart(data, jobFolder(job));
  // Late, after the job was committed or cancelled: nobody waits for it.
  if (start === undefined) return { state: 'done' };
  const upload = await currentUpload(job);
  const input = batchInput(data, service.model, key, upload, () => undefined);
  const manifest = await service.describe({ version: start.version });
  const invocation = randomUUID().slice(0, 8);
  const reserveMs = Math.min(30_000, job.remainingMs() / 4);
  const isLate = () => job.remainingMs() < reserveMs;
  let rows = 0;
  const onRow = () => void rows++;

  for (const chunk of chunks) {
    const read = upTo(chunk.end);
    let chain = await followChain(data, chunkChain(start, chunk));
    if (!chain.head.last) {
      chain = await extendChain({ service, data, read, input, manifest, invocation, limits, isLate, onRow }, chain);
    }
    if (chain.head.last) continue;
    if (rows > 0) return { state: 'unfinished' };
    const message = `not one record of chunk ${chunk.number} was done in an invocation; give the function more memory`;
    throw new ModeletError('DEADLINE_EXCEEDED', message);
  }
  return { state: 'done' };
}

/** The records before one of them. */
function upTo(end: number): ReadRecords {
  return async function* (input, context, from) {
    if (from.index >= end) return;
    for await (const record of readRecords(input, context, from)) {
      yield record;
      if (record.next.index >= end) return;
    }
  };
}
