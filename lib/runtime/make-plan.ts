import { createHash } from 'node:crypto';
import { type Manifest, planFiles, weightBytes } from '../core/manifest.js';
import type { VersionFiles } from '../core/version-files.js';
import { kernelAbi } from '../kernels/abi.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { writePlanFile } from '../plans/write-plan-file.js';
import { planFresh } from './fresh-plan.js';

/** Node.js neither hashes nor reads more in one piece. */
const mostConstants = 2 ** 31 - 1;

/** What a version gets beside its graph: a plan's files, or why there is none. */
export interface MadePlan {
  readonly plan: NonNullable<Manifest['plan']>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Plans a version for the shapes of its golden input, and brings the plan to the form in which it is stored. */
export async function makePlan(manifest: Manifest, files: VersionFiles): Promise<MadePlan> {
  if (weightBytes(manifest) > mostConstants)
    return { plan: { reason: 'its weights are over 2 GiB' }, files: new Map() };
  try {
    const { graph, kernels, constants, weights } = await planFresh(manifest, files);
    const model = createHash('sha256')
      .update(await files.read('model.json'))
      .digest('hex');
    const made = writePlanFile(graph, kernels, constants, weights, model);
    return {
      plan: { kernels: kernelAbi },
      files: new Map([
        [planFiles.graph, made.plan],
        [planFiles.constants, made.constants],
      ]),
    };
  } catch (error) {
    if (error instanceof CannotPlan) return { plan: { reason: error.message }, files: new Map() };
    throw error;
  }
}
