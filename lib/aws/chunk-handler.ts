import { InputChanged } from '../batch/input-changed.js';
import type { Summary } from '../batch/summary.js';
import { ModeletError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { stepErrors } from '../core/step-errors.js';
import type { DistributedJob } from '../distributed/distributed-job.js';
import { mergeChunks } from '../distributed/merge-chunks.js';
import { planChunks } from '../distributed/plan-chunks.js';
import { workOnChunks } from '../distributed/work-on-chunks.js';
import type { Service } from '../service.js';
import { type ChunkEvent, parseChunkEvent } from './chunk-event.js';
import { errorFields } from './error-fields.js';

/** What the state machine chooses by: a field is there or not. */
export interface ChunkAnswer {
  /** Time was up: call again. */
  readonly unfinished?: true;
  /** Nothing is to be worked on: the results are there. */
  readonly done?: true;
  /** The chunk list's key in the data store; absent where there are no chunks. */
  readonly list?: string;
  readonly chunks?: number;
  /** Of the result that counts. */
  readonly summary?: Pick<Summary, 'state' | 'records' | 'failed'>;
}

export type ChunkHandler = (event: unknown, remainingMs: () => number) => Promise<ChunkAnswer>;

/**
 * One step of a distributed batch. Poison never gets here: it is in the rows.
 * @throws Error whose name is one of `stepErrors`, its message `CODE: what is wrong`
 */
export function createChunkHandler(service: Service, data: DistributedJob['data'], log: Log): ChunkHandler {
  return async (event, remainingMs) => {
    const order = parseChunkEvent(event);
    if (order === undefined) throw named(stepErrors.final, 'INVALID_REQUEST: no step of a distributed batch');
    const { step, key, upload } = order;
    try {
      const answer = await take(order, { service, data, key, upload, remainingMs, log });
      log.info('a step of a distributed batch', { step, key, ...answer });
      return answer;
    } catch (error) {
      log.error('a step of a distributed batch failed', { step, key, error: errorFields(error) });
      throw asStepError(error);
    }
  };
}

async function take(order: ChunkEvent['distributed'], job: DistributedJob): Promise<ChunkAnswer> {
  if (order.step === 'plan') {
    const outcome = await planChunks(job);
    if (outcome.state !== 'planned') return outcome.state === 'done' ? { done: true } : { unfinished: true };
    const { chunks, list } = outcome;
    return chunks === 0 ? { chunks } : { chunks, list };
  }
  if (order.step === 'work') {
    const { state } = await workOnChunks(job, order.chunks);
    return state === 'done' ? { done: true } : { unfinished: true };
  }
  const { state, records, failed } = await mergeChunks(job, order);
  return { summary: { state, records, failed } };
}

/** A fault that we don't know may be one of the moment. */
function asStepError(error: unknown): Error {
  if (error instanceof InputChanged) return named(stepErrors.final, `INPUT_CHANGED: ${error.message}`);
  if (!(error instanceof ModeletError)) return named(stepErrors.again, 'UNEXPECTED: a fault in the function');
  return named(error.retryable ? stepErrors.again : stepErrors.final, `${error.code}: ${error.message}`);
}

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
