import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { HttpResponse } from './http.js';

/** Seconds after which a request that met MODEL_UNAVAILABLE is worth sending again. */
const retryAfter = '2';

export function json(body: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): HttpResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** An answer that a version of a model gave. */
export function modelJson({ model, version }: Pick<Manifest, 'model' | 'version'>, body: unknown): HttpResponse {
  return json(body, { 'x-modelet-model': model, 'x-modelet-version': version });
}

/**
 * Any error → the one form of error bodies; both protocols' clients expect `error` to be text.
 * What is not a ModeletError is a bug of ours: it is logged by the caller, and only its kind is told.
 */
export function errorResponse(error: unknown, requestId: string): HttpResponse {
  const known =
    error instanceof ModeletError ? error : new ModeletError('INFERENCE_FAILED', 'the server failed', { cause: error });
  const { code, status, message, headers } = known;
  const retry = code === 'MODEL_UNAVAILABLE' ? { 'retry-after': retryAfter } : {};
  return json({ error: message, code, requestId }, { ...retry, ...headers }, status);
}
