import { ModeletError } from '../core/errors.js';
import { type Instance, parseInstance, parseInstances } from '../core/instance.js';
import type { Service } from '../service.js';
import { mediaType, readBody, readJson } from './body.js';
import type { HttpRequest } from './http.js';
import { modelCard } from './model-card.js';
import { modelJson } from './responses.js';
import type { Route } from './route.js';
import { requestedVersion } from './version-ref.js';

/** `/models/{model}`: the body is what a person has (a file, or JSON), the answer what a person wants. */
export function taskRoutes(service: Service): Route[] {
  return [
    {
      method: 'GET',
      path: '/models/{model}',
      handle: async (call) => {
        const manifest = await requestedVersion(service, call);
        return modelJson(manifest, modelCard(manifest, service.mediaTypes(manifest), service.state()));
      },
    },
    {
      method: 'POST',
      path: '/models/{model}',
      handle: async (call) => {
        const manifest = await requestedVersion(service, call);
        const { model, version } = manifest;
        const { instances, many } = await readInstances(call.request, service.mediaTypes(manifest));
        const field = (index: number) => (many ? `instances[${index}]` : 'body');
        const outputs = await service.predict(manifest, instances, call.timings, field);
        const answers = outputs.map((output, index) =>
          service.answer(manifest, output, call.timings, instances[index]),
        );
        return modelJson(manifest, { model, version, ...(many ? { predictions: answers } : answers[0]) });
      },
    },
  ];
}

async function readInstances(
  request: HttpRequest,
  files: readonly string[],
): Promise<{ instances: readonly Instance[]; many: boolean }> {
  const type = mediaType(request);
  if (files.includes(type)) return { instances: [{ kind: 'file', bytes: await readBody(request) }], many: false };
  if (type !== 'application/json') {
    const wanted = ['application/json', ...files].join(', ');
    const came = type === '' ? 'no content-type' : `content-type ${type}`;
    throw new ModeletError('UNSUPPORTED_MEDIA_TYPE', `${came} came, this model takes ${wanted}`);
  }
  const body = await readJson(request);
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'instances')) {
    return { instances: [parseInstance(body, 'body')], many: false };
  }
  return { instances: parseInstances((body as { instances: unknown }).instances), many: true };
}
