import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { kernelAbi } from '../kernels/abi.js';
import type { Alias } from '../registry/alias.js';
import type { Registry } from '../registry/registry.js';
import type { ModelConfig } from '../serverless/config.js';
import type { FunctionAnswer } from './ask-function.js';
import { type Finding, failedBy } from './finding.js';

/** Two answers, each within a request's time, and a start: after that the function hangs. */
const longestMs = 90_000;

/** Whether a packaged function serves the versions that production names, the canary's too. */
export async function examineModel(registry: Registry, model: ModelConfig): Promise<Finding[]> {
  const subject = model.name;
  try {
    const { alias } = (await registry.alias(subject, 'production')) as { alias: Alias };
    const versions = [alias.version, ...(alias.canary === undefined ? [] : [alias.canary.version])];
    const findings: Finding[] = [];
    for (const version of versions) {
      await examineVersion(registry, model, version);
      const message = `version ${version} answers its golden input in ${model.memory} MB`;
      findings.push({ subject, state: 'ok', message }, ...planWarnings(await registry.manifest(subject, version)));
    }
    return findings;
  } catch (error) {
    return [failedBy(subject, error)];
  }
}

/** @throws what the function answers */
async function examineVersion(registry: Registry, { name, memory }: ModelConfig, version: string): Promise<void> {
  const { location } = registry.store;
  const answers = await askFunction(
    name,
    [`/v2/models/${name}/versions/${version}/ready`, `/models/${name}?version=${version}`],
    {
      MODELET_REGISTRY: location.startsWith('s3://') ? location : resolve(location),
      // As the plugin deploys it; Lambda tells the memory.
      MODELET_BACKEND: 'wasm',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    },
  );
  for (const { status, body } of answers) {
    if (status === 200) continue;
    const { error, code } = JSON.parse(body) as { error: string; code: ModeletError['code'] };
    throw new ModeletError(code, error);
  }
}

/** Runs the function that was packaged last, in a process of its own, for some GET requests. */
function askFunction(
  name: string,
  paths: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly FunctionAnswer[]> {
  return new Promise((done, fail) => {
    const child = fork(
      fileURLToPath(new URL('./ask-function.js', import.meta.url)),
      [resolve('.build/functions', name), ...paths],
      {
        env: { ...process.env, ...env, POWERTOOLS_METRICS_DISABLED: 'true', POWERTOOLS_LOG_LEVEL: 'SILENT' },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        timeout: longestMs,
      },
    );
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('message', (answers) => done(answers as readonly FunctionAnswer[]));
    child.once('close', (code, signal) => {
      const why = said.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? `it ended with ${signal ?? code}`;
      fail(new ModeletError('INVALID_INPUT', `functions/${name}.ts can't be run: ${why}; mend it`));
    });
  });
}

function planWarnings({ model, version, plan }: Manifest): Finding[] {
  const warning = { subject: model, state: 'warning' } as const;
  if (plan !== undefined && 'reason' in plan) {
    return [
      {
        ...warning,
        message: `version ${version} has no plan, TensorFlow.js runs it, and starts more slowly: ${plan.reason}`,
      },
    ];
  }
  if (plan?.kernels === kernelAbi) return [];
  const message = `version ${version} has no plan for the kernels of this release: it is planned at each cold start`;
  return [{ ...warning, message, todo: `publish ${model} again, and promote that version` }];
}
