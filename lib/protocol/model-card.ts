import type { Manifest } from '../core/manifest.js';
import type { ServiceState } from '../service.js';

/** `GET /models/{model}`: what the version is, what it takes, how good it is, and what this process serves. */
export function modelCard(
  manifest: Manifest,
  mediaTypes: readonly string[],
  { aliases, loaded }: ServiceState,
): Readonly<Record<string, unknown>> {
  const { model, version, description, created, licence, source, signature, task, metrics, plan } = manifest;
  const { labels } = task.options;
  const path = `/models/${model}`;
  const [file] = mediaTypes;
  const example =
    file === undefined
      ? { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: '{"instances": […]}' }
      : { method: 'POST', path, headers: { 'content-type': file }, body: `@file.${file.split('/')[1]}` };
  return {
    model,
    version,
    description,
    task: task.name,
    signature,
    labels,
    metrics,
    plan,
    licence,
    source,
    created,
    aliases: Object.fromEntries(aliases),
    loaded,
    accepts: ['application/json', ...mediaTypes],
    example,
  };
}
