import type { Tensor, Tensors } from '../core/tensor.js';
import type { Plan } from '../plans/plan.js';
import type { PlanSource } from '../plans/plan-source.js';
import { startThreads, type Threads } from '../plans/threads.js';

export interface PlanThreads {
  /**
   * Computes on another thread; the first call starts them all.
   * @throws as `Threads.run`
   */
  run(inputs: Tensors): Promise<Tensor[]>;
  /** To be called before a plan is computed on the owner's thread, and waited for where it reaches into the threads' memory. */
  makeWay(plan: Plan): Promise<void> | undefined;
  /** @returns when they are ended, if there were any */
  close(): Promise<void> | undefined;
}

const MiB = 2 ** 20;

/** Parts of the heap begin with a page, and are larger than what is planned so far: larger batches come later. */
const roomFor = (bytes: number): number => Math.ceil(Math.max(64 * MiB, 2 * bytes) / MiB) * MiB;

/**
 * Threads behind a model's own part of the heap: its constants, and the arenas of all plans that its owner has computed. They are
 * ended where the owner needs more, and start anew behind that.
 */
export function planThreads({ kernels, planOf, plansAt, count }: PlanSource & { readonly count: number }): PlanThreads {
  let threads: Threads | undefined;
  let owned = 0;
  const close = (): Promise<void> | undefined => {
    const closing = threads?.close();
    threads = undefined;
    return closing;
  };
  const makeWay = (plan: Plan): Promise<void> | undefined => {
    owned = Math.max(owned, plan.end);
    return threads !== undefined && plan.end > threads.start ? close() : undefined;
  };
  return {
    run: async (inputs) => {
      // The owner makes what constants there are to make.
      const plan = planOf(inputs);
      await makeWay(plan);
      threads ??= startThreads({ kernels, plansAt, count, start: roomFor(owned), span: roomFor(plan.end) });
      return threads.run(inputs);
    },
    makeWay,
    close,
  };
}
