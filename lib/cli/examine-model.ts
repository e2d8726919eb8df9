import { readFileSync } from 'node:fs';
import { ModeletError } from '../core/errors.js';
import { type Manifest, weightBytes } from '../core/manifest.js';
import { production } from '../core/version-ref.js';
import { memoryFor } from '../core/weight-budget.js';
import { kernelAbi } from '../kernels/abi.js';
import type { Registry } from '../registry/registry.js';
import { openEngine } from '../runtime/open-engine.js';
import type { ModelConfig } from '../serverless/config.js';
import { exportedAs } from './built-in-tasks.js';
import { checkVersion } from './check-version.js';
import { type Finding, findingOf } from './finding.js';

/** What a model that is going to be deployed lacks; or that its production version answers its golden input. */
export async function examineModel(registry: Registry, { name, memory }: ModelConfig): Promise<Finding[]> {
  const warnings: Finding[] = [];
  const finding = await findingOf(name, async () => {
    const version = await registry.resolve(name, production);
    const manifest = await registry.manifest(name, version);
    checkServed(manifest);
    checkTask(manifest, readFileSync(`functions/${name}.ts`, 'utf8'));
    await checkMemory(manifest, memory);
    const { backends } = await checkVersion(registry, name, version);
    const [{ backend, difference } = { backend: 'no backend', difference: 0 }] = backends;
    const warning = planWarning(manifest);
    if (warning !== undefined) warnings.push({ subject: name, state: 'warning', ...warning });
    return {
      state: 'ok',
      message: `version ${version} answers its golden input within ${difference.toExponential(1)} (${backend})`,
    };
  });
  return [finding, ...warnings];
}

/** A zip has no native backend. @throws INVALID_INPUT */
function checkServed({ savedModel, version }: Manifest): void {
  if (savedModel === undefined) return;
  const message = `version ${version} is a SavedModel, which only the tensorflow backend serves, and that fits in no zip`;
  throw new ModeletError('INVALID_INPUT', `${message}; publish the model as .keras, .h5 or a TF.js graph`);
}

/** A task of one's own has a name that the source need not show. @throws INVALID_INPUT */
function checkTask({ model, version, task }: Manifest, source: string): void {
  const exported = exportedAs.get(task.name);
  if (exported === undefined || new RegExp(`\\b${exported}\\b`).test(source)) return;
  const message = `version ${version} has task ${task.name}, which functions/${model}.ts does not serve`;
  throw new ModeletError('INVALID_INPUT', `${message}; add ${exported} to its tasks`);
}

/** @throws INVALID_INPUT */
async function checkMemory(manifest: Manifest, memory: number): Promise<void> {
  const least = memoryFor(weightBytes(manifest), await openEngine('wasm'));
  if (least <= memory) return;
  const { model } = manifest;
  throw new ModeletError(
    'INVALID_INPUT',
    `its weights need ${least} MB of memory, and it has ${memory}; set custom.modelet.models.${model}.memory to ${least} or more`,
  );
}

function planWarning({ model, plan }: Manifest): Pick<Finding, 'message' | 'todo'> | undefined {
  if (plan !== undefined && 'reason' in plan) {
    return { message: `has no plan, TensorFlow.js runs it, and starts more slowly: ${plan.reason}` };
  }
  if (plan?.kernels === kernelAbi) return undefined;
  const message = 'has no plan for the kernels of this release: it is planned at each cold start';
  return { message, todo: `publish ${model} again, and promote that version` };
}
