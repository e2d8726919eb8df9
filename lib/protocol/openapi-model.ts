import type { Manifest } from '../core/manifest.js';
import type { GoldenExample } from './openapi-example.js';
import { type OperationParts, operation } from './openapi-operation.js';
import { type Json, reference, text } from './openapi-schema.js';

export interface ModelParts {
  readonly manifest: Manifest;
  /** Undefined where the input is too long to show. */
  readonly golden: GoldenExample | undefined;
}

/** An operation of a model, as `describeRoutes` puts it below each of its addresses. */
export type ModelOperation = Omit<OperationParts, 'tag' | 'requestBody'> & {
  readonly method: 'get' | 'post';
  /** Media type → OpenAPI's "Media Type Object". */
  readonly body?: Readonly<Record<string, Json>>;
  /** What follows the base: '', `/infer`, `:predict`. */
  readonly suffix: string;
};

export interface Description {
  readonly paths: Readonly<Record<string, Json>>;
  /** Components: a body stands once, however many addresses take it. */
  readonly requestBodies: Readonly<Record<string, Json>>;
}

type Way = 'versions' | 'labels';

interface Address {
  readonly path: string;
  /** Sets the operation's id apart. */
  readonly suffix: string;
  readonly parameters: readonly Json[];
}

const inPath = (name: string, description: string, schema: Json, example: string): Json => ({
  name,
  in: 'path',
  required: true,
  description,
  schema,
  example,
});
const inQuery = (name: string, description: string, schema: Json): Json => ({ name, in: 'query', description, schema });
const versionSchema: Json = { type: 'string', pattern: '^[1-9][0-9]{0,8}$' };

/** Paths for each way of saying which version: none (alias `production`, or by query), and the path's own. */
export function describeRoutes(
  { manifest }: ModelParts,
  base: string,
  byPath: readonly Way[],
  operations: readonly ModelOperation[],
): Description {
  const { model, version } = manifest;
  const path = `${base}/${model}`;
  const byQuery: Address = {
    path,
    suffix: '',
    parameters: [
      inQuery('version', 'This version, whatever the aliases say', versionSchema),
      inQuery('alias', 'What this alias names; `production` by default', text),
    ],
  };
  const ways: Readonly<Record<Way, Address>> = {
    versions: {
      path: `${path}/versions/{version}`,
      suffix: '_version',
      parameters: [inPath('version', 'A version', versionSchema, version)],
    },
    labels: {
      path: `${path}/labels/{alias}`,
      suffix: '_alias',
      parameters: [inPath('alias', 'An alias', text, 'production')],
    },
  };
  const bodyName = (id: string): string => `${model}_${id}`;
  const paths: Record<string, Record<string, Json>> = {};
  for (const address of [byQuery, ...byPath.map((way) => ways[way])]) {
    for (const { method, suffix, id, parameters = [], body, ...rest } of operations) {
      const parts = {
        ...rest,
        id: `${model}_${id}${address.suffix}`,
        tag: model,
        parameters: [...address.parameters, ...parameters],
        ...(body === undefined ? {} : { requestBody: reference('requestBodies', bodyName(id)) }),
      };
      const at = address.path + suffix;
      paths[at] = { ...paths[at], [method]: operation(parts) };
    }
  }
  const requestBodies = operations.flatMap(({ id, body }) =>
    body === undefined ? [] : [[bodyName(id), { required: true, content: body }] as const],
  );
  return { paths, requestBodies: Object.fromEntries(requestBodies) };
}

/** `examples` of a media type; none where there is nothing to show. */
export function examples(values: Readonly<Record<string, unknown>>): Json {
  const entries = Object.entries(values).map(([name, value]) => [name, { value }]);
  return entries.length === 0 ? {} : { examples: Object.fromEntries(entries) };
}
