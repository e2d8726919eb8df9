import { ModeletError } from '../core/errors.js';
import type { Service } from '../service.js';
import { readBody } from './body.js';
import type { HttpResponse } from './http.js';
import { modelJson } from './responses.js';
import type { Route, RouteCall } from './route.js';
import { splitBody } from './v2-binary.js';
import { parseRawRequest, parseRequest } from './v2-request.js';
import { inferResponse } from './v2-response.js';
import { requestedVersion } from './version-ref.js';

/** Open Inference Protocol V2, "HTTP/REST": a model's metadata, ready and infer, in JSON and with binary tensor data. */
export function v2Routes(service: Service): Route[] {
  const routes = (base: string): Route[] => [
    { method: 'GET', path: base, handle: (call) => metadata(service, call) },
    { method: 'GET', path: `${base}/ready`, handle: (call) => ready(service, call) },
    { method: 'POST', path: `${base}/infer`, handle: (call) => infer(service, call) },
  ];
  return [...routes('/v2/models/{model}'), ...routes('/v2/models/{model}/versions/{version}')];
}

/** "Model Metadata": `$metadata_model_response`. */
async function metadata(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const { inputs, outputs } = manifest.signature;
  const versions = await service.registry.versions(service.model);
  return modelJson(manifest, { name: service.model, versions, platform: 'tensorflow_graphmodel_js', inputs, outputs });
}

/** "Model Ready": 200 once the golden check has passed, else 503. */
async function ready(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  try {
    await service.ready(manifest, call.timings);
  } catch (cause) {
    const reason = cause instanceof ModeletError ? cause.message : 'it failed to load';
    throw new ModeletError('MODEL_UNAVAILABLE', `${service.model}@${manifest.version} is not ready: ${reason}`, {
      cause,
    });
  }
  return modelJson(manifest, { name: service.model, ready: true });
}

/** "Inference": `$inference_request` → `$inference_response`. */
async function infer(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const { json, binary } = splitBody(call.request, await readBody(call.request));
  const request = await call.timings.timeAsync('pre', async () =>
    json === undefined
      ? parseRawRequest(manifest.signature, binary)
      : await parseRequest(manifest.signature, json, binary),
  );
  const results = await service.infer(manifest, request.inputs, call.timings);
  return call.timings.time('post', () => inferResponse(manifest, request, results));
}
