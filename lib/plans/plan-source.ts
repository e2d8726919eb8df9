import type { Signature } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import type { PackingConstants } from './packing-constants.js';
import type { Plan } from './plan.js';
import type { PlanGraph } from './plan-graph.js';
import { type Forms, plansByShape } from './plans-by-shape.js';

/** A model in a heap of its own. */
export interface PlanSource {
  readonly kernels: Kernels;
  /** The plan for inputs. @throws CannotPlan, HeapFull */
  readonly planOf: (inputs: Forms) => Plan;
  /** As `planOf`, for a heap whose constants end there: `planOf` has to have made all that a plan needs. */
  readonly plansAt: (end: number) => (inputs: Forms) => Plan;
  /** From that byte on the heap is others': `planOf` throws HeapTaken where it would have to make constants there. */
  readonly fence: (at: number) => void;
}

export function planSource(
  kernels: Kernels,
  graph: PlanGraph,
  signature: Pick<Signature, 'inputs'>,
  constants: PackingConstants,
): PlanSource {
  return {
    kernels,
    planOf: plansByShape(graph, signature, constants),
    plansAt: (end) => plansByShape(graph, signature, { ...constants, end: () => end }),
    fence: constants.fence,
  };
}
