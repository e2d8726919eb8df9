import type { Tensor, Tensors } from '../core/tensor.js';
import type { Plan } from '../plans/plan.js';
import type { PlanSource } from '../plans/plan-source.js';
import { startThreads, ThreadBroke, type Threads } from '../plans/threads.js';

export interface PlanThreads {
  /**
   * Computes on another thread; the first call starts them all.
   * @throws as `Threads.run`
   */
  run(inputs: Tensors): Promise<Tensor[]>;
  /** To be called before a plan is computed on the owner's thread, and waited for where it reaches into the threads' memory. */
  makeWay(plan: Plan): Promise<void> | undefined;
  /** Ends them for good. @returns when they are, if there are any */
  end(): Promise<void> | undefined;
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
  /** Until it is settled they may still compute. */
  let closing: Promise<void> | undefined;
  let owned = 0;
  let isOver = false;
  const close = (): Promise<void> | undefined => {
    if (threads === undefined) return closing;
    closing = threads.close().finally(() => {
      closing = undefined;
    });
    threads = undefined;
    return closing;
  };
  const makeWay = (plan: Plan): Promise<void> | undefined => {
    owned = Math.max(owned, plan.end);
    return threads !== undefined && plan.end > threads.start ? close() : closing;
  };
  return {
    run: async (inputs) => {
      // The owner makes what constants there are to make.
      let plan = planOf(inputs);
      for (let way = makeWay(plan); way !== undefined; way = makeWay(plan)) {
        await way;
        plan = planOf(inputs);
      }
      if (isOver) throw new ThreadBroke('the threads of this model are ended');
      threads ??= startThreads({ kernels, plansAt, count, start: roomFor(owned), span: roomFor(plan.end) });
      return threads.run(inputs);
    },
    makeWay,
    end: () => {
      isOver = true;
      return close();
    },
  };
}
