import type { Engine, LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import { type Manifest, planFiles } from '../core/manifest.js';
import type { VersionFiles } from '../core/version-files.js';
import { compileKernels } from '../kernels/kernels.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { HeapFull } from '../plans/heap.js';
import type { PlanSource } from '../plans/plan-source.js';
import { planFresh, weightLimit } from './fresh-plan.js';
import { createHeaps } from './heaps.js';
import { lazyModel } from './lazy-model.js';
import { plannedModel } from './planned-model.js';
import { reserved } from './reserved.js';
import { outOfMemory } from './runner.js';
import { readStoredPlan, sizeOf } from './stored-plan.js';

/**
 * Runs graph models by plans, each in a heap of its own. What can't be planned (a graph, or only some shapes of inputs) runs on
 * TF.js, which is not even read before.
 * @param openFallback opens the engine of TF.js
 * @param processors that there are for one model
 */
export function createPlanEngine(openFallback: () => Promise<Engine>, processors: number): Engine {
  const room = reserved();
  const heaps = createHeaps();

  const load = async (manifest: Manifest, files: VersionFiles, memory: number): Promise<LoadedModel> => {
    const byTfjs = async () => {
      heaps.drop();
      return (await openFallback()).load(manifest, files, memory - room.taken());
    };
    const { plan, savedModel } = manifest;
    if (savedModel !== undefined || (plan !== undefined && 'reason' in plan)) return byTfjs();
    const taken = taking((bytes) => room.take(bytes, memory));
    const planned = (source: PlanSource, warning?: string) => {
      const [{ signature }, { release }, fallback] = [manifest, taken, lazyModel(byTfjs)];
      const threads = processors - 1;
      return plannedModel({ signature, source, fallback, threads, release, giveHeap: heaps.give, warning });
    };
    let warning: string | undefined;
    try {
      if (plan !== undefined) {
        try {
          taken.change(sizeOf(manifest, planFiles.constants));
          return planned(await readStoredPlan(manifest, files, heaps));
        } catch (error) {
          if (!(error instanceof CannotPlan)) throw error;
          warning = `its stored plan is not used: ${error.message}`;
        }
      }
      const fresh = await planFresh(manifest, files, taken.change, heaps);
      // A draft has no golden input: its weights stay until it is known what they are packed for.
      if (manifest.golden.inputs.length > 0) {
        fresh.constants.forget();
        taken.change([...fresh.constants.packedAt.values()].reduce((sum, { bytes }) => sum + bytes, 0));
      }
      return planned(fresh, warning);
    } catch (error) {
      taken.release();
      if (error instanceof CannotPlan) return Object.assign(await byTfjs(), warning === undefined ? {} : { warning });
      throw error instanceof HeapFull ? outOfMemory(error) : error;
    }
  };
  return {
    backend: 'wasm',
    // What TF.js can hold in any case; a model with a plan may be larger.
    mostWeights: weightLimit / 2,
    // While a model is loaded without a stored plan: its weights, and what is packed of them.
    memoryPerWeight: 2,
    start: async () => void (await compileKernels()),
    load: (manifest, files, memory = Number.POSITIVE_INFINITY) => load(manifest, files, memory),
  };
}

/** A part of the memory for models that one load takes, more or less of it as it goes on. */
function taking(take: (bytes: number) => () => void) {
  let release = (): void => undefined;
  return {
    /** @throws CannotPlan where there is less: TF.js may need less, or says how much is missing */
    change: (bytes: number): void => {
      release();
      release = () => undefined;
      try {
        release = take(bytes);
      } catch (cause) {
        throw cause instanceof ModeletError ? new CannotPlan('there is no memory for it', { cause }) : cause;
      }
    },
    release: (): void => release(),
  };
}
