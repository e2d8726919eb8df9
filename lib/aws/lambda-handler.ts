import type { Context } from 'aws-lambda';
import { ModeletError } from '../core/errors.js';
import type { App } from '../protocol/app.js';
import type { HttpRequest, HttpResponse } from '../protocol/http.js';
import { errorResponse } from '../protocol/responses.js';
import {
  type HttpEvent,
  type HttpResult,
  isHttpEvent,
  requestFromEvent,
  requestIdOf,
  resultFromResponse,
} from './http-event.js';

export type LambdaHandler = (event: unknown, context: Context) => Promise<HttpResult>;

/**
 * A Lambda handler around the HTTP core. It throws only for an event that no door of ours sends: everything else is an
 * answer, so the environment lives on.
 */
export function createLambdaHandler(app: App): LambdaHandler {
  return async (event, context) => {
    if (!isHttpEvent(event)) {
      throw new Error('this function takes events of API Gateway (REST or HTTP API) and of function URLs');
    }
    const requestId = requestIdOf(event);
    return resultFromResponse(
      await answer(event, requestId, context).catch((error) => errorResponse(error, requestId)),
    );
  };

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
