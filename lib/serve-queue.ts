import { createQueueHandler, type QueueHandler } from './aws/queue-handler.js';
import { readRecords } from './batch/readers/read-records.js';
import { runBatch } from './batch/run-batch.js';
import { ModeletError } from './core/errors.js';
import type { Log } from './core/log.js';
import { isDistributed } from './distributed/distributed-job.js';
import { openStore } from './registry/stores/open-store.js';
import { parseLocation } from './registry/stores/s3-location.js';
import type { Service } from './service.js';

/**
 * A model's queue: each upload that it tells of gets its results. It reads what the plugin sets: MODELET_DATA
 * (`s3://bucket/prefix`), MODELET_QUEUE_URL, MODELET_DEAD_LETTER_URL and MODELET_QUEUE_RECEIVES (the queue's maxReceiveCount).
 * A module of its own, so that a function behind the API never reads the code of batches.
 * @throws MODEL_UNAVAILABLE where one of them is missing
 */
export async function openQueueHandler(service: Service, log: Log): Promise<QueueHandler> {
  const location = required('MODELET_DATA');
  const url = required('MODELET_QUEUE_URL');
  const deadLetterUrl = required('MODELET_DEAD_LETTER_URL');
  const receives = Number(required('MODELET_QUEUE_RECEIVES'));
  const data = await openStore(location);
  return createQueueHandler({
    inbox: { model: service.model, ...parseLocation(location) },
    receives,
    log,
    openQueue: async () => (await import('./aws/sqs-queue.js')).sqsQueue({ url, deadLetterUrl }),
    run: async ({ key, etag }, remainingMs) => {
      // Many work on it already (docs/batch.md, Distributed), and one of them puts their rows together.
      if (await isDistributed(data, service.model, key)) return { state: 'done' };
      return runBatch({ service, data, read: readRecords, key, etag, remainingMs, log });
    },
  });
}

/** A message that meets a function which is configured wrongly comes back until it is mended. */
function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new ModeletError('MODEL_UNAVAILABLE', `${name} is not set; deploy the function by its plugin, which sets it`);
}
