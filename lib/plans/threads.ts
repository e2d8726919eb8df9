import { Worker } from 'node:worker_threads';
import type { Tensor, Tensors } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { HeapFull } from './heap.js';
import type { Plan } from './plan.js';
import { IndexOutside, outside, planMemory } from './replay.js';

/** Threads that compute plans on the same weights as their owner, each in a part of the heap of its own. */
export interface Threads {
  /** Bytes from the heap's start to what belongs to the threads. */
  readonly start: number;
  /**
   * Computes on the thread that has the least to do.
   * @param planAt plans for a heap whose constants end there; kept by thread and key
   * @throws HeapFull where the plan is larger than a thread's part, IndexOutside, what a trap throws
   */
  run(key: string, planAt: (end: number) => Plan, inputs: Tensors): Promise<Tensor[]>;
  /** Ends them once what they compute is done. */
  close(): Promise<void>;
}

/** Of each thread's part of the heap: the stack of its kernels, as large as scripts/build-kernels.ts makes the first one. */
const stackBytes = 16_384;

/** Plans that a thread keeps; all are forgotten when there are more. */
const mostPlans = 32;

/** As text, because a bundle is one file. It answers with 0, or what a kernel met. */
const program = `
const { parentPort, workerData: { module, memory, stack } } = require('node:worker_threads');
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.__stack_pointer.value = stack;
let plans = new Map();
parentPort.on('message', ({ id, calls, first }) => {
  if (first) plans = new Map();
  if (calls !== undefined) plans.set(id, calls);
  let met = 0;
  for (const { kernel, args } of plans.get(id)) met = Math.max(met, exports[kernel](...args) ?? 0);
  parentPort.postMessage(met);
});
`;

/**
 * Starts threads; they take no part of a processor until they get work.
 * @param start bytes from the heap's start behind which nobody else writes
 * @param span bytes of each thread's part
 */
export function startThreads(kernels: Kernels, count: number, start: number, span: number): Threads {
  const threads = Array.from({ length: count }, (_, index) => startThread(kernels, start + index * span, span));
  return {
    start,
    run: (key, planAt, inputs) => {
      const [free] = threads.toSorted((a, b) => a.waiting() - b.waiting());
      if (free === undefined) throw new RangeError('no threads');
      return free.run(key, planAt, inputs);
    },
    close: async () => {
      await Promise.all(threads.map(({ close }) => close()));
    },
  };
}

function startThread(kernels: Kernels, start: number, span: number) {
  const { module, memory } = kernels;
  const heap = planMemory(kernels);
  const worker = new Worker(program, { eval: true, workerData: { module, memory, stack: start + stackBytes } });
  worker.unref();
  const plans = new Map<string, Plan>();
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let broke: Error | undefined;

  const compute = (id: string, calls: Plan['calls'] | undefined): Promise<number> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.off('message', done);
        worker.off('error', broken);
        worker.unref();
      };
      const done = (met: number): void => {
        settle();
        resolve(met);
      };
      const broken = (error: Error): void => {
        broke = error;
        settle();
        reject(error);
      };
      worker.on('message', done);
      worker.on('error', broken);
      worker.ref();
      worker.postMessage({ id, calls, first: calls !== undefined && plans.size === 1 });
    });

  const run = async (key: string, planAt: (end: number) => Plan, inputs: Tensors): Promise<Tensor[]> => {
    // A thread that trapped is gone.
    if (broke !== undefined) throw broke;
    const known = plans.get(key);
    const plan = known ?? planAt(start + stackBytes);
    if (plan.end > start + span) throw new HeapFull(`a plan of ${plan.end - start} bytes is too large for a thread`);
    heap.prepare(plan);
    if (known === undefined) {
      if (plans.size === mostPlans) plans.clear();
      plans.set(key, plan);
    }
    heap.write(plan, inputs);
    if ((await compute(key, known === undefined ? plan.calls : undefined)) === outside) {
      throw new IndexOutside('an index is outside of its table');
    }
    return heap.read(plan);
  };

  return {
    waiting: () => waiting,
    run: async (key: string, planAt: (end: number) => Plan, inputs: Tensors): Promise<Tensor[]> => {
      waiting++;
      const before = turn;
      const result = before.then(() => run(key, planAt, inputs));
      turn = result.catch(() => undefined);
      try {
        return await result;
      } finally {
        waiting--;
      }
    },
    close: async () => {
      await turn;
      await worker.terminate();
    },
  };
}
