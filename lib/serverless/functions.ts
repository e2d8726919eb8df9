import type { AWS } from 'serverless';
import { batchKey, type ModelConfig } from './config.js';
import { dataBucketId } from './data-bucket.js';
import { batchTimeout, maxReceives, type QueueIds } from './queues.js';
import { bucketId, registryPrefix } from './roles.js';
import { catalogRoutes, modelRoutes, type Route } from './routes.js';

export type FunctionDefinition = NonNullable<AWS['functions']>[string];

const registry = { 'Fn::Sub': `s3://\${${bucketId}}/${registryPrefix}` };

const modelEnvironment = {
  MODELET_REGISTRY: registry,
  MODELET_DATA: { 'Fn::Sub': `s3://\${${dataBucketId}}` },
  MODELET_BACKEND: 'wasm',
};

const events = (routes: readonly Route[]) =>
  routes.map(({ method, path, key }) => ({ http: { method, path, private: key } }));

/**
 * What serverless.yml would hold under `functions`, were it written by hand: two functions a model, of one zip, and the catalog.
 * Runtime, architecture, timeout and log retention are the provider's.
 *
 * @param roleId logical id of a function's role
 * @param queuesOf logical ids of a model's queues
 */
export function functionDefinitions(
  models: readonly ModelConfig[],
  roleId: (name: string) => string,
  queuesOf: (model: string) => QueueIds,
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
    ...models.flatMap(({ name, memory, concurrency }) => {
      const { queue, deadLetters } = queuesOf(name);
      const arn = { 'Fn::GetAtt': [queue, 'Arn'] };
      return [
        define(name, { memorySize: memory, environment: modelEnvironment, events: events(modelRoutes(name)) }),
        define(batchKey(name), {
          memorySize: memory,
          timeout: batchTimeout,
          environment: {
            ...modelEnvironment,
            MODELET_QUEUE_URL: { Ref: queue },
            MODELET_DEAD_LETTER_URL: { Ref: deadLetters },
            MODELET_QUEUE_RECEIVES: String(maxReceives),
          },
          // One upload an invocation: it may take all of the time.
          events: [
            {
              sqs: {
                arn,
                batchSize: 1,
                maximumConcurrency: concurrency,
                functionResponseType: 'ReportBatchItemFailures',
              },
            },
          ],
        }),
      ];
    }),
    define('catalog', {
      // It waits for S3 and computes nothing.
      memorySize: 512,
      environment: { MODELET_REGISTRY: registry, MODELET_MODELS: models.map(({ name }) => name).join(',') },
      events: events(catalogRoutes),
    }),
  ]);
}
