import type { Tensor, Tensors } from '../core/tensor.js';
import { HeapTaken } from '../plans/heap.js';
import type { Plan } from '../plans/plan.js';
import type { PlanSource } from '../plans/plan-source.js';
import { startThreads, ThreadBroke, type Threads } from '../plans/threads.js';

export interface PlanThreads {
  /**
   * Computes on another thread; the first call starts them all.
   * @throws as `Threads.run`
   */
  run(inputs: Tensors): Promise<Tensor[]>;
  /**
   * The plan by which the owner's thread may compute now; or, where it or what it is made of reaches into the threads' memory, what
   * to wait for before it asks again.
   * @throws as `PlanSource.planOf`
   */
  planHere(inputs: Tensors): Plan | Promise<void>;
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
export function planThreads({
  kernels,
  planOf,
  plansAt,
  fence,
  count,
}: PlanSource & { readonly count: number }): PlanThreads {
  let threads: Threads | undefined;
  /** Until it is settled they may still compute. */
  let closing: Promise<void> | undefined;
  let owned = 0;
  let isOver = false;
  const close = (): Promise<void> | undefined => {
    if (threads === undefined) return closing;
    closing = threads.close().finally(() => {
      closing = undefined;
      fence(Number.POSITIVE_INFINITY);
    });
    threads = undefined;
    return closing;
  };
  const planHere = (inputs: Tensors): Plan | Promise<void> => {
    try {
      const plan = planOf(inputs);
      owned = Math.max(owned, plan.end);
      return (threads !== undefined && plan.end > threads.start ? close() : closing) ?? plan;
    } catch (error) {
      const way = error instanceof HeapTaken ? close() : undefined;
      if (way === undefined) throw error;
      return way;
    }
  };
  const start = (plan: Plan): Threads => {
    const started = startThreads({ kernels, plansAt, count, start: roomFor(owned), span: roomFor(plan.end) });
    fence(started.start);
    return started;
  };
  return {
    run: async (inputs) => {
      for (;;) {
        if (isOver) throw new ThreadBroke('the threads of this model are ended');
        // The owner makes what constants there are to make.
        const plan = planHere(inputs);
        if (!(plan instanceof Promise)) {
          threads ??= start(plan);
          return threads.run(inputs);
        }
        await plan;
      }
    },
    planHere,
    end: () => {
      isOver = true;
      return close();
    },
  };
}
