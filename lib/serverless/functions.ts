import type { AWS } from 'serverless';
import type { ModelConfig } from './config.js';
import { bucketId, registryPrefix } from './roles.js';
import { catalogRoutes, modelRoutes, type Route } from './routes.js';

export type FunctionDefinition = NonNullable<AWS['functions']>[string];

const registry = { 'Fn::Sub': `s3://\${${bucketId}}/${registryPrefix}` };

const events = (routes: readonly Route[]) =>
  routes.map(({ method, path, key }) => ({ http: { method, path, private: key } }));

/**
 * What serverless.yml would hold under `functions`, were it written by hand: one function a model, and the catalog.
 * Runtime, architecture, timeout and log retention are the provider's.
 *
 * @param roleId logical id of a function's role
 */
export function functionDefinitions(
  models: readonly ModelConfig[],
  roleId: (name: string) => string,
): Record<string, FunctionDefinition> {
  const define = (name: string, rest: Omit<FunctionDefinition, 'handler'>): [string, FunctionDefinition] => [
    name,
    {
      handler: 'index.handler',
      role: { 'Fn::Sub': `\${${roleId(name)}.Arn}` },
      package: { individually: true },
      ...rest,
    },
  ];
  return Object.fromEntries([
    ...models.map(({ name, memory }) =>
      define(name, {
        memorySize: memory,
        environment: { MODELET_REGISTRY: registry, MODELET_BACKEND: 'wasm' },
        events: events(modelRoutes(name)),
      }),
    ),
    define('catalog', {
      // It waits for S3 and computes nothing.
      memorySize: 512,
      environment: { MODELET_REGISTRY: registry, MODELET_MODELS: models.map(({ name }) => name).join(',') },
      events: events(catalogRoutes),
    }),
  ]);
}
