import { ModeletError } from '../core/errors.js';
import { type Stage, startTimings } from '../core/timings.js';
import type { HttpRequest, HttpResponse } from './http.js';
import { errorResponse } from './responses.js';
import { createRouter, type Route } from './route.js';

/** What the host knows about a request beyond the request itself. */
export interface Call {
  readonly requestId: string;
  /** Milliseconds that the host leaves for the answer. */
  readonly remainingMs: number;
}

/** Told about each finished request: for logs and metrics. Carries no payload. */
export interface RequestReport {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly ms: number;
  readonly cold: boolean;
  /** Milliseconds by stage. */
  readonly stages: ReadonlyMap<Stage, number>;
  /** Only for errors. */
  readonly error: unknown;
}

export type App = (request: HttpRequest, call: Call) => Promise<HttpResponse>;

/** API Gateway waits 29 s; the rest is for sending our answer instead of its own. */
const longestMs = 29_000;
const reserveMs = 500;

/**
 * The HTTP core: request → response for a set of routes. Every error becomes an answer; an answer after the deadline
 * becomes DEADLINE_EXCEEDED, while what it waited for (a load) goes on for the next request.
 * @param startup the stages of the process's start that no request has told of yet
 */
export function createApp(
  routes: readonly Route[],
  report: (finished: RequestReport) => void,
  startup: () => Iterable<readonly [Stage, number]> = () => [],
): App {
  const match = createRouter(routes);
  let cold = true;

  return async (request, { requestId, remainingMs }) => {
    const since = performance.now();
    const availableMs = Math.min(longestMs, remainingMs) - reserveMs;
    const timings = startTimings(since + availableMs);
    const url = new URL(request.url);
    const isCold = cold;
    cold = false;
    let error: unknown;
    let response: HttpResponse;
    try {
      const found = match(request.method, url.pathname);
      if ('allow' in found) throw noRoute(request.method, found.allow);
      const answer = Promise.resolve(found.route.handle({ request, url, params: found.params, timings }));
      response = await beforeDeadline(answer, availableMs, since);
    } catch (caught) {
      error = caught;
      response = errorResponse(caught, requestId);
    }
    const ms = performance.now() - since;
    const stages = new Map([...startup(), ...timings.stages]);
    const timing = serverTiming(stages, isCold);
    if (timing !== '') response.headers['server-timing'] = timing;
    report({
      requestId,
      method: request.method,
      path: url.pathname,
      status: response.status,
      model: response.headers['x-modelet-model'],
      version: response.headers['x-modelet-version'],
      ms,
      cold: isCold,
      stages,
      error,
    });
    return request.method === 'HEAD' ? { ...response, body: '' } : response;
  };
}

async function beforeDeadline(answer: Promise<HttpResponse>, ms: number, since: number): Promise<HttpResponse> {
  const exceeded = () => new ModeletError('DEADLINE_EXCEEDED', `no answer within ${Math.round(ms)} ms; try again`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(exceeded()), Math.max(0, ms));
  });
  try {
    const response = await Promise.race([answer, late]);
    // A forward pass blocks the timer, so the clock is asked once more.
    if (performance.now() - since > ms) throw exceeded();
    return response;
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}

function noRoute(method: string, allow: readonly string[]): ModeletError {
  if (allow.length === 0) return new ModeletError('NOT_FOUND', 'there is no such route; GET / lists what there is');
  const allowed = allow.join(', ');
  return new ModeletError('METHOD_NOT_ALLOWED', `this route takes ${allowed}, not ${method}`, {
    headers: { allow: allowed },
  });
}

/** W3C Server Timing, durations in milliseconds. */
function serverTiming(stages: ReadonlyMap<Stage, number>, cold: boolean): string {
  const parts = [...stages].map(([stage, ms]) => `${stage};dur=${ms.toFixed(2)}`);
  return (cold ? ['cold', ...parts] : parts).join(', ');
}
