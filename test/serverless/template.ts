import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface Resource {
  readonly Type: string;
  readonly DependsOn?: string | string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

export function readTemplate(packageFolder: string): Template {
  return JSON.parse(readFileSync(join(packageFolder, 'cloudformation-template-update-stack.json'), 'utf8'));
}

/** Logical ids and properties of all resources of a type, e.g. `Lambda::Function`. */
export function resources(template: Template, type: string): [string, Readonly<Record<string, unknown>>][] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === `AWS::${type}`)
    .map(([id, resource]) => [id, resource.Properties]);
}

/** Every route as `METHOD path → function`, with `open` behind those that need no API key. Sorted. */
export function routes(template: Template): string[] {
  const path = (ref: unknown): string => {
    const id = (ref as { Ref?: string }).Ref;
    if (id === undefined) return '';
    const { ParentId, PathPart } = template.Resources[id]?.Properties ?? {};
    return `${path(ParentId)}/${PathPart}`;
  };
  return resources(template, 'ApiGateway::Method')
    .map(([, { HttpMethod, ResourceId, ApiKeyRequired, Integration }]) => {
      const functionId = /"Fn::GetAtt":\["(\w+)LambdaFunction","Arn"\]/.exec(JSON.stringify(Integration))?.[1];
      return `${HttpMethod} ${path(ResourceId) || '/'} → ${functionId}${ApiKeyRequired ? '' : ' open'}`;
    })
    .sort();
}

/** The statements of every role, by its logical id. */
export function roleStatements(template: Template): [string, Statement[]][] {
  return resources(template, 'IAM::Role').map(([id, { Policies, ManagedPolicyArns }]) => {
    if (ManagedPolicyArns !== undefined) throw new Error(`${id} has managed policies, whose statements are not ours`);
    const policies = Policies as { PolicyDocument: { Statement: Statement[] } }[];
    return [id, policies.flatMap((policy) => policy.PolicyDocument.Statement)];
  });
}
