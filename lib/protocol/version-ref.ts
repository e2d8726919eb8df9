import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { production, type VersionRef } from '../core/version-ref.js';
import type { Service } from '../service.js';
import type { RouteCall } from './route.js';

/**
 * The version that a request asks for: in the path, else `?version=` or `?alias=`, else alias `production`.
 * @throws MODEL_NOT_FOUND when the path names another model than this function serves
 */
export function requestedVersion(service: Service, call: RouteCall): Promise<Manifest> {
  checkModel(service, call);
  const { params, url, request } = call;
  const canaryKey = request.headers.get('x-modelet-canary-key') ?? undefined;
  return service.describe(versionRef(params, url.searchParams), canaryKey);
}

/** @throws MODEL_NOT_FOUND when the path names another model than this function serves */
export function checkModel({ model }: Service, { params }: RouteCall): void {
  if (params.model === model) return;
  throw new ModeletError('MODEL_NOT_FOUND', `this function serves '${model}', not '${params.model}'`);
}

function versionRef({ version, alias }: RouteCall['params'], query: URLSearchParams): VersionRef {
  if (version !== undefined) return { version };
  if (alias !== undefined) return { alias };
  const byNumber = query.get('version');
  const byAlias = query.get('alias');
  if (byNumber !== null && byAlias !== null) {
    throw new ModeletError('INVALID_REQUEST', 'give ?version= or ?alias=, not both');
  }
  if (byNumber !== null) return { version: byNumber };
  return byAlias === null ? production : { alias: byAlias };
}
