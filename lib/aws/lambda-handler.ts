import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { ModeletError } from '../core/errors.js';
import type { App } from '../protocol/app.js';
import type { HttpRequest, HttpResponse } from '../protocol/http.js';
import { errorResponse } from '../protocol/responses.js';
import type { ChunkAnswer, ChunkHandler } from './chunk-handler.js';
import {
  type HttpEvent,
  type HttpResult,
  isHttpEvent,
  requestFromEvent,
  requestIdOf,
  resultFromResponse,
} from './http-event.js';
import type { QueueHandler } from './queue-handler.js';

/** Bytes of a result in JSON: Lambda's limit on what a synchronous call returns; beyond it the caller would get a bare 502. */
const resultLimit = 6 * 1024 * 1024;

export type LambdaHandler = (event: unknown, context: Context) => Promise<HttpResult>;

/** One artifact is behind the API, the queue and the state machine: it tells by the event which. */
export interface DoorsHandler {
  (event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  (event: unknown, context: Context): Promise<HttpResult>;
}

/** What else than HTTP a function takes. */
export interface FurtherDoors {
  readonly queue: QueueHandler;
  readonly chunks: ChunkHandler;
}

/**
 * A Lambda handler around the HTTP core and, where the function has them, a queue and chunks. It throws only for an event that no
 * door of ours sends, where the queue can't be taken from at all, and what the state machine is to know of a chunk: everything
 * else is an answer, so the environment lives on.
 */
export function createLambdaHandler(app: App, { queue, chunks }: Partial<FurtherDoors> = {}): DoorsHandler {
  const handler = async (event: unknown, context: Context): Promise<HttpResult | SQSBatchResponse | ChunkAnswer> => {
    if (chunks !== undefined && isChunkEvent(event)) return chunks(event, () => context.getRemainingTimeInMillis());
    if (queue !== undefined && isQueueEvent(event)) return queue(event, () => context.getRemainingTimeInMillis());
    if (!isHttpEvent(event)) {
      throw new Error(
        'this function takes events of API Gateway (REST or HTTP API), of function URLs, of its queue and of its state machine',
      );
    }
    const requestId = requestIdOf(event);
    const refuse = (error: unknown) => resultFromResponse(errorResponse(error, requestId));
    try {
      const result = resultFromResponse(await answer(event, requestId, context));
      return isTooLarge(result) ? refuse(tooLarge()) : result;
    } catch (error) {
      return refuse(error);
    }
  };
  return handler as DoorsHandler;

  async function answer(event: HttpEvent, requestId: string, context: Context): Promise<HttpResponse> {
    let request: HttpRequest;
    try {
      request = requestFromEvent(event);
    } catch (cause) {
      throw new ModeletError('INVALID_REQUEST', 'the method, path or a header is not valid HTTP', { cause });
    }
    return app(request, { requestId, remainingMs: context.getRemainingTimeInMillis() });
  }
}

const isChunkEvent = (event: unknown): boolean => typeof event === 'object' && event !== null && 'distributed' in event;

function isQueueEvent(event: unknown): event is SQSEvent {
  if (typeof event !== 'object' || event === null || !('Records' in event) || !Array.isArray(event.Records))
    return false;
  return event.Records[0]?.eventSource === 'aws:sqs';
}

/** Text may become six times as long in JSON (`\u0000`); only what could be too large is written out to be measured. */
function isTooLarge(result: HttpResult): boolean {
  const longest = result.body.length * (result.isBase64Encoded ? 1 : 6);
  const roomForHeaders = 16 * 1024;
  return longest > resultLimit - roomForHeaders && Buffer.byteLength(JSON.stringify(result)) > resultLimit;
}

function tooLarge(): ModeletError {
  return new ModeletError(
    'PAYLOAD_TOO_LARGE',
    `the answer is larger than the ${resultLimit} bytes that Lambda returns; send fewer instances, ask for fewer outputs, or take them as binary`,
  );
}
