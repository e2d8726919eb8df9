import type { Manifest } from '../core/manifest.js';
import type { GoldenExample } from './openapi-example.js';
import { type OperationParts, operation } from './openapi-operation.js';
import { type Json, text } from './openapi-schema.js';

export interface ModelParts {
  readonly manifest: Manifest;
  /** Undefined where the input is too long to show. */
  readonly golden: GoldenExample | undefined;
}

/** An operation of a model, as `modelPaths` puts it below each of its addresses. */
export type ModelOperation = Omit<OperationParts, 'tag' | 'parameters'> & {
  readonly method: 'get' | 'post';
  /** What follows the base: '', `/infer`, `:predict`. */
  readonly suffix: string;
  readonly parameters?: readonly Json[];
};

interface Address {
  readonly path: string;
  /** Sets the operation's id apart. */
  readonly suffix: string;
  readonly parameters: readonly Json[];
}

const parameter = (
  where: 'path' | 'query',
  name: string,
  description: string,
  schema: Json,
  example: string,
): Json => ({
  name,
  in: where,
  ...(where === 'path' ? { required: true } : {}),
  description,
  schema,
  ...(where === 'path' ? { example } : {}),
});
const versionSchema: Json = { type: 'string', pattern: '^[1-9][0-9]{0,8}$' };

/** Paths for each way of saying which version: none (alias `production`, or by query), and the path's own. */
export function modelPaths(
  { manifest }: ModelParts,
  base: string,
  byPath: readonly ('versions' | 'labels')[],
  operations: readonly ModelOperation[],
): Readonly<Record<string, Json>> {
  const { model, version } = manifest;
  const path = `${base}/${model}`;
  const byQuery: Address = {
    path,
    suffix: '',
    parameters: [
      parameter('query', 'version', 'This version, whatever the aliases say', versionSchema, version),
      parameter('query', 'alias', 'What this alias names; `production` by default', text, 'production'),
    ],
  };
  const ways = {
    versions: { key: 'version', schema: versionSchema, example: version, about: 'A version' },
    labels: { key: 'alias', schema: text, example: 'production', about: 'An alias' },
  };
  const others = byPath.map((way): Address => {
    const { key, schema, example, about } = ways[way];
    return {
      path: `${path}/${way}/{${key}}`,
      suffix: `_${key}`,
      parameters: [parameter('path', key, about, schema, example)],
    };
  });
  const paths: Record<string, Record<string, Json>> = {};
  for (const address of [byQuery, ...others]) {
    for (const { method, suffix, id, parameters = [], ...rest } of operations) {
      const parts = {
        ...rest,
        id: `${model}_${id}${address.suffix}`,
        tag: model,
        parameters: [...address.parameters, ...parameters],
      };
      const at = address.path + suffix;
      paths[at] = { ...paths[at], [method]: operation(parts) };
    }
  }
  return paths;
}

/** `examples` of a media type; none where there is nothing to show. */
export function examples(values: Readonly<Record<string, unknown>>): Json {
  const entries = Object.entries(values).map(([name, value]) => [name, { value }]);
  return entries.length === 0 ? {} : { examples: Object.fromEntries(entries) };
}
