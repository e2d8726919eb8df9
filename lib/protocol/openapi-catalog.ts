import { operation } from './openapi-operation.js';
import { anyObject, arrayOf, type Json, object, oneOfTexts, reference, text } from './openapi-schema.js';

const tag = 'catalog';
const health = (what: 'live' | 'ready'): Json =>
  operation({
    id: `v2_${what}`,
    tag,
    summary: `Whether the API is ${what}`,
    isOpen: true,
    answer: object({ [what]: { const: true } }),
  });

/** What belongs to the whole API. */
export const catalogPaths: Readonly<Record<string, Json>> = {
  '/': {
    get: operation({ id: 'index', tag, summary: 'What there is', isOpen: true, answer: reference('schemas', 'Index') }),
  },
  '/models': {
    get: operation({
      id: 'models',
      tag,
      summary: 'The models and their production versions',
      answer: reference('schemas', 'Models'),
    }),
  },
  '/openapi.json': { get: operation({ id: 'openapi', tag, summary: 'This document', answer: anyObject }) },
  '/v2': {
    get: operation({ id: 'v2_server', tag, summary: 'V2 server metadata', answer: reference('schemas', 'V2Server') }),
  },
  '/v2/health/live': { get: health('live') },
  '/v2/health/ready': { get: health('ready') },
  '/v2/repository/index': {
    post: operation({
      id: 'v2_repository_index',
      tag,
      summary: 'Every version of every model',
      requestBody: {
        content: {
          'application/json': {
            schema: object({ ready: { type: 'boolean' } }, ['ready']),
            examples: { all: { value: {} }, ready: { value: { ready: true } } },
          },
        },
      },
      answer: reference('schemas', 'RepositoryIndex'),
    }),
  },
};

export const catalogSchemas: Readonly<Record<string, Json>> = {
  Index: object({
    name: text,
    version: text,
    models: { type: 'object', additionalProperties: text },
    routes: arrayOf(text),
  }),
  Models: object({
    models: arrayOf({
      anyOf: [
        object({ name: text, version: text, task: text, description: text, path: text, aliases: anyObject }, [
          'description',
        ]),
        object({ name: text, error: text, code: text }),
      ],
    }),
  }),
  V2Server: object({ name: text, version: text, extensions: arrayOf(text) }),
  RepositoryIndex: arrayOf(
    object({ name: text, version: text, state: oneOfTexts(['READY', 'UNAVAILABLE']), reason: text }, ['version']),
  ),
};
