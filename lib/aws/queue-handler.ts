import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ModeletError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { errorFields } from './error-fields.js';
import { handOnMessage, type Inbox, readMessage, type Upload } from './queue-event.js';

/** The queue that an event comes from, and the one for what failed for good. Its calls throw MODEL_UNAVAILABLE. */
export interface Queue {
  /** Sends a message to the queue itself. */
  handOn(body: string): Promise<void>;
  /** The message, which failed, comes back after so many seconds and not only after the visibility time. */
  postpone(receiptHandle: string, seconds: number): Promise<void>;
  /** Sends it to the dead-letter queue with what went wrong. */
  bury(body: string, why: Failure): Promise<void>;
}

export interface Failure {
  readonly code: string;
  readonly reason: string;
}

/** How one invocation ended with an upload: before the deadline, after so many records of it, or with all of them. */
type RunOutcome = { readonly state: 'done' } | { readonly state: 'unfinished'; readonly records: number };

export interface QueueWork {
  readonly inbox: Inbox;
  /** How often a message is received before it counts as failed for good: the queue's maxReceiveCount. */
  readonly receives: number;
  readonly log: Log;
  /** Asked only where a message is to be sent: most uploads need none. */
  openQueue(): Promise<Queue>;
  /** @throws ModeletError, where retryable the message comes back */
  run(upload: Upload, remainingMs: () => number): Promise<RunOutcome>;
}

export type QueueHandler = (event: SQSEvent, remainingMs: () => number) => Promise<SQSBatchResponse>;

/** As many invocations as an upload may take: 1,000 of 15 minutes are ten days. */
const maxHops = 1000;
/** Invocations in a row without a single record done, after which going on is hopeless. */
const maxStalled = 2;

/**
 * Works on what a queue brings, message by message. A message that failed and may succeed later is in the answer
 * (ReportBatchItemFailures) and comes back; what can't succeed, and the last try, goes into the dead-letter queue with its
 * reason. Only what kills the process (memory, time) gets there by SQS itself, without one.
 */
export function createQueueHandler({ inbox, receives, log, openQueue, run }: QueueWork): QueueHandler {
  return async (event, remainingMs) => {
    const failed: string[] = [];
    for (const message of event.Records) {
      if (!(await take(message, remainingMs))) failed.push(message.messageId);
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

  /** @returns whether the message is settled */
  async function take(message: SQSRecord, remainingMs: () => number): Promise<boolean> {
    try {
      const { uploads, ignored } = readMessage(message.body, inbox);
      for (const what of ignored) log.warn('ignored a message', { messageId: message.messageId, what });
      for (const upload of uploads) await work(upload, remainingMs);
      return true;
    } catch (error) {
      return await fail(message, error).catch((failure: unknown) => {
        // SQS brings the message back all the same, after the visibility time, and buries it without a reason after the last try.
        log.error('the queue did not take it', { messageId: message.messageId, error: errorFields(failure) });
        return false;
      });
    }
  }

  async function work(upload: Upload, remainingMs: () => number): Promise<void> {
    const outcome = await run(upload, remainingMs);
    if (outcome.state === 'done') return;
    const { records } = outcome;
    const before = upload.hop ?? { count: 0, records: 0, stalled: 0 };
    const hop = {
      count: before.count + 1,
      records,
      stalled: records > before.records ? 0 : before.stalled + 1,
    };
    const body = handOnMessage({ ...upload, hop });
    const queue = await openQueue();
    if (hop.count < maxHops && hop.stalled < maxStalled) {
      await queue.handOn(body);
      log.info('handed on', { key: upload.key, ...hop });
    } else {
      await bury(queue, body, endless(hop.count, records));
    }
  }

  async function fail(message: SQSRecord, error: unknown): Promise<boolean> {
    const queue = await openQueue();
    const received = Number(message.attributes.ApproximateReceiveCount);
    const failure = failureOf(error);
    const { code } = failure;
    log.error('a message failed', { messageId: message.messageId, received, code, error: errorFields(error) });
    if (isRetryable(error) && received < receives) {
      await queue.postpone(message.receiptHandle, pause(received));
      return false;
    }
    await bury(queue, message.body, failure);
    return true;
  }

  async function bury(queue: Queue, body: string, failure: Failure): Promise<void> {
    await queue.bury(body, failure);
    log.error('into the dead-letter queue', { ...failure });
  }
}

/** Seconds: half a minute after the first try, then four times as long each time; five tries span three quarters of an hour. */
const pause = (received: number): number => 30 * 4 ** (received - 1);

/** A fault that we don't know may be one of the moment. */
const isRetryable = (error: unknown): boolean => !(error instanceof ModeletError) || error.retryable;

/** Only our own messages are safe to keep: any other may quote the input. */
function failureOf(error: unknown): Failure {
  if (error instanceof ModeletError) return { code: error.code, reason: error.message };
  const name = error instanceof Error ? error.name : 'not an error';
  return { code: 'UNEXPECTED', reason: `${name}, a fault in the function; its log says where` };
}

const endless = (hops: number, records: number): Failure => ({
  code: 'DEADLINE_EXCEEDED',
  reason: `stopped at record ${records} after ${hops} invocations: ${
    hops < maxHops ? `${maxStalled} of them in a row did none` : 'no more are allowed'
  }; split the upload, or give the function more memory`,
});
