import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { Service } from '../service.js';
import type { HttpResponse } from './http.js';
import { modelJson } from './responses.js';
import type { Route, RouteCall } from './route.js';
import { classify } from './tf-serving-classify.js';
import { refuseRegress, servingMetadata } from './tf-serving-metadata.js';
import { predict } from './tf-serving-predict.js';
import { requestedVersion } from './version-ref.js';

const bases = ['/v1/models/{model}', '/v1/models/{model}/versions/{version}', '/v1/models/{model}/labels/{alias}'];

/** TensorFlow Serving's RESTful API (`tensorflow_serving/g3doc/api_rest.md`); docs/protocols.md has a table of its clauses. */
export function tfServingRoutes(service: Service): Route[] {
  return bases.flatMap((base): Route[] => [
    { method: 'GET', path: base, handle: (call) => status(service, call) },
    { method: 'GET', path: `${base}/metadata`, handle: (call) => metadata(service, call) },
    { method: 'POST', path: `${base}:predict`, handle: (call) => predict(service, call) },
    { method: 'POST', path: `${base}:classify`, handle: (call) => classify(service, call) },
    { method: 'POST', path: `${base}:regress`, handle: refuseRegress },
  ]);
}

/**
 * "Model status API". Without a version in the path: those that an alias names, newest first. AVAILABLE says that the version
 * answers requests; its weights are loaded by the first one.
 */
async function status(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const isChosen = ['version', 'alias'].some((name) => name in call.params || call.url.searchParams.has(name));
  const versions = isChosen ? [manifest.version] : await aliased(service, manifest);
  const states = versions.map((version) => stateOf(service, version));
  return modelJson(manifest, { model_version_status: await Promise.all(states) });
}

async function aliased(service: Service, { version }: Manifest): Promise<string[]> {
  const aliases = await service.registry.aliases(service.model);
  const versions = new Set([version, ...[...aliases.values()].map((alias) => alias.version)]);
  return [...versions].sort((a, b) => Number(b) - Number(a));
}

/** A version that can't be read has ended, as one that failed to load has in TensorFlow Serving. */
async function stateOf(service: Service, version: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    await service.describe({ version });
    return { version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } };
  } catch (error) {
    if (!(error instanceof ModeletError)) throw error;
    const codes: Readonly<Record<number, string>> = { 404: 'NOT_FOUND', 503: 'UNAVAILABLE' };
    const code = codes[error.status] ?? 'INTERNAL';
    return { version, state: 'END', status: { error_code: code, error_message: error.message } };
  }
}

/** "Model Metadata API". */
async function metadata(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  return modelJson(manifest, servingMetadata(manifest));
}
