import { ModeletError } from '../core/errors.js';
import { type Manifest, planFiles } from '../core/manifest.js';
import type { VersionFiles } from '../core/version-files.js';
import { createKernels, type Kernels } from '../kernels/kernels.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { growTo } from '../plans/heap.js';
import { constantsStart, packingConstants } from '../plans/packing-constants.js';
import { readPlanFile } from '../plans/plan-file.js';
import { type PlanSource, planSource } from '../plans/plan-source.js';

/**
 * Reads the plan that is stored beside a version: its constants straight into a heap of their own, neither graph nor weights.
 * @throws CannotPlan where it does not fit (it says why) or is damaged, HeapFull, MODEL_UNAVAILABLE where the store fails
 */
export async function readStoredPlan(manifest: Manifest, files: VersionFiles): Promise<PlanSource> {
  const bytes = sizeOf(manifest, planFiles.constants);
  const model = manifest.files.find(({ name }) => name === 'model.json')?.sha256 ?? '';
  try {
    const [kernels, text] = await Promise.all([readConstants(files, bytes), files.read(planFiles.graph)]);
    const { graph, stored, weights } = readPlanFile(text, { model, bytes });
    const file = new Uint8Array(kernels.memory.buffer, constantsStart(kernels), bytes);
    // What stands behind the constants gives way to what is made of it.
    const behind = file.slice(stored.bytes);
    const constants = packingConstants(kernels, weights(behind), stored);
    const source = planSource(kernels, graph, manifest.signature, constants);
    source.planOf(new Map(manifest.golden.inputs.map((input) => [input.name, input])));
    return source;
  } catch (cause) {
    if (cause instanceof ModeletError && cause.code === 'MODEL_CORRUPT') throw new CannotPlan(cause.message, { cause });
    throw cause;
  }
}

async function readConstants(files: VersionFiles, bytes: number): Promise<Kernels> {
  const kernels = await createKernels();
  const start = constantsStart(kernels);
  growTo(kernels.memory, start + bytes);
  await files.readInto(planFiles.constants, new Uint8Array(kernels.memory.buffer, start, bytes));
  return kernels;
}

export function sizeOf({ files }: Pick<Manifest, 'files'>, name: string): number {
  const file = files.find((entry) => entry.name === name);
  if (file === undefined) throw new CannotPlan(`there is no ${name}`);
  return file.bytes;
}
