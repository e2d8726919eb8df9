import { errorTable } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { catalogPaths, catalogSchemas } from './openapi-catalog.js';
import { goldenExample } from './openapi-example.js';
import { describeJobs, jobSchemas } from './openapi-jobs.js';
import { errorResponses } from './openapi-operation.js';
import { type Json, object, oneOfTexts, text } from './openapi-schema.js';
import { describeTaskRoute, modelCardSchema } from './openapi-task-route.js';
import { describeTfServing, servingSchemas } from './openapi-tf-serving.js';
import { describeV2, v2Schemas } from './openapi-v2.js';

/**
 * The OpenAPI 3.1 document of a deployment, made from its models' manifests alone: nothing is loaded. Each request has
 * examples that work when sent.
 * @param version modelet's own
 */
export function openApi(manifests: readonly Manifest[], version: string): Json {
  const models = manifests.map((manifest) => ({ manifest, golden: goldenExample(manifest) }));
  const described = models.flatMap((model) => [
    describeTaskRoute(model),
    describeJobs(model),
    describeV2(model),
    describeTfServing(model),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'modelet',
      version,
      description:
        'Trained models as functions: a task route for people, Open Inference Protocol V2 and TensorFlow Serving REST for clients.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to where this document is, so that a stage's path stays in front.
    servers: [{ url: '.' }],
    security: [{ apiKey: [] }],
    tags: [
      { name: 'catalog' },
      ...models.map(({ manifest: { model, description } }) => ({
        name: model,
        ...(description === undefined ? {} : { description }),
      })),
    ],
    paths: Object.assign({}, catalogPaths, ...described.map(({ paths }) => paths)),
    components: {
      securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
      requestBodies: Object.assign({}, ...described.map(({ requestBodies }) => requestBodies)),
      responses: errorResponses(),
      schemas: {
        Error: object({ error: text, code: oneOfTexts(Object.keys(errorTable)), requestId: text }),
        File: object({ b64: { type: 'string', contentEncoding: 'base64' } }),
        ModelCard: modelCardSchema,
        ...jobSchemas,
        ...v2Schemas,
        ...servingSchemas,
        ...catalogSchemas,
      },
    },
  };
}
