import { ModeletError } from '../core/errors.js';
import { production } from '../core/version-ref.js';
import type { Registry } from '../registry/registry.js';
import { json } from './responses.js';
import type { Route, RouteCall } from './route.js';

export interface CatalogParts {
  readonly registry: Registry;
  /** modelet's own version. */
  readonly version: string;
  /** The models deployed; the registry's when undefined. */
  readonly models: readonly string[] | undefined;
}

/** What belongs to the whole API. It lists and describes; it never loads a model. */
export function catalogRoutes({ registry, version, models }: CatalogParts): Route[] {
  const names = async (): Promise<readonly string[]> => models ?? (await registry.models());
  const elsewhere = (['/models/{model}', '/v1/models/{model}', '/v2/models/{model}'] as const)
    .flatMap((base) => [base, `${base}:{verb}`, `${base}/{rest+}`])
    .flatMap((path) => (['GET', 'POST'] as const).map((method): Route => ({ method, path, handle: unknownModel })));
  return [
    { method: 'GET', path: '/', handle: async () => json(index(version, await names())) },
    {
      method: 'GET',
      path: '/models',
      handle: async () => json({ models: await Promise.all((await names()).map(entry(registry))) }),
    },
    { method: 'GET', path: '/v2', handle: () => json({ name: 'modelet', version, extensions: [] }) },
    { method: 'GET', path: '/v2/health/live', handle: () => json({ live: true }) },
    { method: 'GET', path: '/v2/health/ready', handle: () => json({ ready: true }) },
    // Requests for a model that has no function of its own end here.
    ...elsewhere,
  ];
}

function index(version: string, names: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    name: 'modelet',
    version,
    models: Object.fromEntries(names.map((name) => [name, `/models/${name}`])),
    routes: ['GET /models', 'POST /models/{model}', 'POST /v1/models/{model}:predict', 'POST /v2/models/{model}/infer'],
  };
}

/** A model whose production version can't be read is listed with the reason, so that one doesn't hide the others. */
function entry(registry: Registry): (name: string) => Promise<Readonly<Record<string, unknown>>> {
  return async (name) => {
    try {
      const { version, description, task } = await registry.manifest(name, await registry.resolve(name, production));
      return { name, version, task: task.name, description, path: `/models/${name}` };
    } catch (error) {
      if (!(error instanceof ModeletError)) throw error;
      return { name, error: error.message, code: error.code };
    }
  };
}

function unknownModel({ params }: RouteCall): never {
  throw new ModeletError('MODEL_NOT_FOUND', `there is no model '${params.model}'; GET /models lists what there is`);
}
