import { ModeletError } from '../core/errors.js';
import { type Manifest, planFiles } from '../core/manifest.js';
import type { VersionFiles } from '../core/version-files.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { growTo } from '../plans/heap.js';
import { constantsStart, packingConstants } from '../plans/packing-constants.js';
import { readPlanFile } from '../plans/plan-file.js';
import { type PlanSource, planSource } from '../plans/plan-source.js';
import type { Heaps } from './heaps.js';

/**
 * Reads the plan that is stored beside a version: its constants straight into a heap of their own, neither graph nor weights.
 * @throws CannotPlan where it does not fit (it says why) or is damaged, HeapFull, MODEL_UNAVAILABLE where the store fails
 */
export async function readStoredPlan(manifest: Manifest, files: VersionFiles, heaps: Heaps): Promise<PlanSource> {
  const bytes = sizeOf(manifest, planFiles.constants);
  const model = manifest.files.find(({ name }) => name === 'model.json')?.sha256 ?? '';
  const kernels = await heaps.take(bytes);
  let reading = Promise.resolve();
  try {
    const start = constantsStart(kernels);
    growTo(kernels.memory, start + bytes);
    const file = new Uint8Array(kernels.memory.buffer, start, bytes);
    reading = files.readInto(planFiles.constants, file);
    reading.catch(() => undefined); // awaited below; a failure must not go unhandled until then
    const { graph, stored, weights } = readPlanFile(await files.read(planFiles.graph), { model, bytes });
    // It is planned while the constants come, unless some have to be made.
    if (stored.bytes < bytes) await reading;
    // What stands behind the constants gives way to what is made of it.
    const behind = file.slice(stored.bytes);
    const constants = packingConstants(kernels, weights(behind), stored);
    const source = planSource(kernels, graph, manifest.signature, constants);
    source.planOf(new Map(manifest.golden.inputs.map((input) => [input.name, input])));
    await reading;
    return source;
  } catch (cause) {
    // Nothing may come into a heap that is another model's by then.
    await reading.catch(() => undefined);
    heaps.give(kernels);
    if (cause instanceof ModeletError && cause.code === 'MODEL_CORRUPT') throw new CannotPlan(cause.message, { cause });
    throw cause;
  }
}

export function sizeOf({ files }: Pick<Manifest, 'files'>, name: string): number {
  const file = files.find((entry) => entry.name === name);
  if (file === undefined) throw new CannotPlan(`there is no ${name}`);
  return file.bytes;
}
