import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { ModeletError } from '../core/errors.js';
import { type ModelConfig, readModels } from '../serverless/config.js';
import { type Finding, findingOf } from './finding.js';

const file = 'serverless.yml';

/** The first with all that is used; package.json says it too. */
const leastNode = [20, 19] as const;

export function examineNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  const found = { subject: 'node', message: `Node.js ${version}` };
  return isNew ? { ...found, state: 'ok' } : { ...found, state: 'failed', todo: `use ${leastNode.join('.')} or newer` };
}

/** Looked for where `npx sls` would find it. */
export function examineFramework(): Finding {
  try {
    const { name, version } = createRequire(resolve('package.json'))('serverless/package.json') as Record<
      string,
      string
    >;
    return { subject: 'framework', state: 'ok', message: `${name} ${version}` };
  } catch {
    const message = 'the Serverless Framework is not installed here';
    return { subject: 'framework', state: 'failed', message, todo: 'npm ci' };
  }
}

/** The models that ./serverless.yml deploys; none where it can't be read. */
export async function readService(): Promise<{ readonly finding: Finding; readonly models: readonly ModelConfig[] }> {
  let models: readonly ModelConfig[] = [];
  const finding = await findingOf(file, () => {
    const { plugins, custom } = parsed();
    const missing = [plugins].flat().find((plugin) => typeof plugin === 'string' && isAbsent(plugin));
    if (missing !== undefined)
      throw new ModeletError('INVALID_INPUT', `its plugin ${missing} is not there; npm run build`);
    if (JSON.stringify(custom?.modelet ?? custom)?.includes('${')) return unresolved;
    models = configured(custom?.modelet);
    return { state: 'ok', message: `deploys ${models.map(({ name }) => name).join(', ')}` };
  });
  return { finding, models };
}

const unresolved = {
  state: 'warning',
  message: 'custom.modelet has variables, which only the framework resolves: its models are not looked at',
  todo: 'npx sls package checks them',
} as const;

interface ServiceFile {
  readonly plugins?: unknown;
  readonly custom?: { readonly modelet?: unknown };
}

function parsed(): ServiceFile {
  if (!existsSync(file)) throw new ModeletError('NOT_FOUND', 'there is none here; run it in the folder of the service');
  const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new ModeletError('INVALID_INPUT', `it is no YAML: ${problem.message.split('\n')[0]}; mend it`);
  const value: unknown = document.toJS();
  return typeof value === 'object' && value !== null ? value : {};
}

/** Of a plugin that is a file; the others are packages, which the framework looks for. */
const isAbsent = (plugin: string): boolean => plugin.startsWith('.') && !existsSync(plugin);

function configured(section: unknown): readonly ModelConfig[] {
  try {
    return readModels(section, (name) => existsSync(join('functions', `${name}.ts`)));
  } catch (cause) {
    throw new ModeletError('INVALID_INPUT', (cause as Error).message, { cause });
  }
}

/** Whether the AWS SDK would find any; not whether AWS takes them. */
export function examineCredentials(env = process.env): Finding {
  const subject = 'credentials';
  const files = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws/credentials'),
    env.AWS_CONFIG_FILE ?? join(homedir(), '.aws/config'),
  ];
  if (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY) {
    return { subject, state: 'ok', message: 'in the environment' };
  }
  if (files.some((name) => existsSync(name)))
    return { subject, state: 'ok', message: `profile ${env.AWS_PROFILE || 'default'}` };
  const message = 'none for AWS were found: packaging works without them, deploying does not';
  return {
    subject,
    state: 'warning',
    message,
    todo: 'aws configure, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  };
}
