import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { production } from '../core/version-ref.js';
import type { Registry } from '../registry/registry.js';
import { openApi } from './openapi.js';
import { isRead, readable } from './readable.js';
import { repositoryIndex } from './repository-index.js';
import { json } from './responses.js';
import type { Route, RouteCall } from './route.js';
import { refuseRegress } from './tf-serving-metadata.js';

export interface CatalogParts {
  readonly registry: Registry;
  /** modelet's own version. */
  readonly version: string;
  /** The models deployed; the registry's when undefined. */
  readonly models: readonly string[] | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** What belongs to the whole API. It lists and describes; it never loads a model. */
export function catalogRoutes({ registry, version, models }: CatalogParts): Route[] {
  const names = async (): Promise<readonly string[]> => models ?? (await registry.models());
  const forEach = async <T>(use: (name: string) => Promise<T>): Promise<T[]> => Promise.all((await names()).map(use));

  /** Requests for a model that has no function of its own end here, and so does `:regress` of one that has. */
  const elsewhere = async ({ params }: RouteCall): Promise<never> => {
    if (!(await names()).includes(params.model ?? '')) {
      throw new ModeletError('MODEL_NOT_FOUND', `there is no model '${params.model}'; GET /models lists what there is`);
    }
    if (params.verb === 'regress') refuseRegress();
    throw new ModeletError(
      'NOT_FOUND',
      `'${params.model}' has no such route; GET /openapi.json describes all there are`,
    );
  };

  const ofModels = (['/models/{model}', '/v1/models/{model}', '/v2/models/{model}'] as const)
    .flatMap((base) => [base, `${base}:{verb}`, `${base}/{rest+}`])
    .flatMap((path) => (['GET', 'POST'] as const).map((method): Route => ({ method, path, handle: elsewhere })));

  return [
    { method: 'GET', path: '/', handle: async () => json(index(version, await names())) },
    {
      method: 'GET',
      path: '/models',
      handle: async () => json({ models: await forEach((name) => entry(registry, name)) }),
    },
    {
      method: 'GET',
      path: '/openapi.json',
      handle: async () => {
        const manifests = await forEach((name) => readable(() => productionManifest(registry, name)));
        return json(openApi(manifests.filter(isRead), version));
      },
    },
    { method: 'GET', path: '/v2', handle: () => json({ name: 'modelet', version, extensions }) },
    { method: 'GET', path: '/v2/health/live', handle: () => json({ live: true }) },
    { method: 'GET', path: '/v2/health/ready', handle: () => json({ ready: true }) },
    {
      method: 'POST',
      path: '/v2/repository/index',
      handle: async ({ request }) => json(await repositoryIndex(registry, await names(), request)),
    },
    { method: 'POST', path: '/v2/repository/models/{model}/{action}', handle: refuseLoading },
    ...ofModels,
  ];
}

/** Those whose whole protocol is served; of "model_repository" that is only the index. */
const extensions = ['binary_tensor_data'];

function index(version: string, names: readonly string[]): Json {
  return {
    name: 'modelet',
    version,
    models: Object.fromEntries(names.map((name) => [name, `/models/${name}`])),
    routes: [
      'GET /models',
      'GET /openapi.json',
      'POST /models/{model}',
      'POST /v1/models/{model}:predict',
      'POST /v2/models/{model}/infer',
    ],
  };
}

async function productionManifest(registry: Registry, name: string): Promise<Manifest> {
  return registry.manifest(name, await registry.resolve(name, production));
}

async function entry(registry: Registry, name: string): Promise<Json> {
  const [manifest, aliases] = await Promise.all([
    readable(() => productionManifest(registry, name)),
    readable(() => registry.aliases(name)),
  ]);
  const broken = [manifest, aliases].find((value) => value instanceof ModeletError);
  if (broken !== undefined) return { name, error: broken.message, code: broken.code };
  const { version, description, task } = manifest as Manifest;
  const versions = [...(aliases as ReadonlyMap<string, { version: string }>)].map(([alias, to]) => [alias, to.version]);
  return {
    name,
    version,
    task: task.name,
    description,
    path: `/models/${name}`,
    aliases: Object.fromEntries(versions),
  };
}

function refuseLoading({ params }: RouteCall): never {
  throw new ModeletError(
    'NOT_FOUND',
    `'${params.action}' is not served: a model is loaded by its first request; GET /v2/models/${params.model}/ready does that`,
  );
}
