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
   * @throws CannotPlan, HeapFull where the plan is larger than a thread's part, IndexOutside, ThreadBroke
   */
  run(inputs: Tensors): Promise<Tensor[]>;
  /** Ends them once what they compute is done. */
  close(): Promise<void>;
}

/** A thread that trapped or ended; what it computed is lost, and it computes no more. */
export class ThreadBroke extends Error {
  override readonly name = 'ThreadBroke';
}

/** Of each thread's part of the heap: the stack of its kernels, as large as scripts/build-kernels.ts makes the first one. */
const stackBytes = 16_384;

/** As text, because a bundle is one file. It answers with 0, or what a kernel met. */
const program = `
const { parentPort, workerData: { module, memory, stack } } = require('node:worker_threads');
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.__stack_pointer.value = stack;
const plans = new Map();
parentPort.on('message', ({ id, calls, gone }) => {
  plans.delete(gone);
  if (calls !== undefined) plans.set(id, calls);
  let met = 0;
  for (const { kernel, args } of plans.get(id)) met = Math.max(met, exports[kernel](...args) ?? 0);
  parentPort.postMessage(met);
});
`;

/** Plans that a thread has at hand; it gets others again. */
const mostPlans = 32;

interface ThreadParts {
  readonly kernels: Kernels;
  /** Plans for a heap whose constants end there. All constants have to be made already. */
  plansAt(end: number): (inputs: Tensors) => Plan;
  readonly count: number;
  /** Bytes from the heap's start behind which nobody else writes. */
  readonly start: number;
  /** Bytes of each thread's part. */
  readonly span: number;
}

/** Starts threads; they take no processor until they get work. */
export function startThreads({ kernels, plansAt, count, start, span }: ThreadParts): Threads {
  const threads = Array.from({ length: count }, (_, index) => {
    const from = start + index * span;
    return startThread(kernels, plansAt(from + stackBytes), from, span);
  });
  return {
    start,
    run: (inputs) => {
      const [free] = threads.toSorted((a, b) => a.waiting() - b.waiting());
      if (free === undefined) throw new RangeError('no threads');
      return free.run(inputs);
    },
    close: async () => {
      await Promise.all(threads.map(({ close }) => close()));
    },
  };
}

function startThread(kernels: Kernels, planOf: (inputs: Tensors) => Plan, start: number, span: number) {
  const { module, memory } = kernels;
  const heap = planMemory(kernels);
  // Not imported at the top: a cold start has no threads.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(program, { eval: true, workerData: { module, memory, stack: start + stackBytes } });
  worker.unref();
  const ids = new Map<Plan, number>();
  let nextId = 0;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let broke: ThreadBroke | undefined;
  let asked: { resolve(met: number): void; reject(error: Error): void } | undefined;

  const settle = (): typeof asked => {
    const was = asked;
    asked = undefined;
    worker.unref();
    return was;
  };
  const fail = (cause?: unknown): void => {
    broke ??= new ThreadBroke('a thread trapped, or had no memory', { cause });
    settle()?.reject(broke);
  };
  worker.on('message', (met: number) => settle()?.resolve(met));
  // Also of a thread that has nothing to do: an error that nobody listens for would end the process.
  worker.on('error', fail);
  worker.on('exit', () => fail());

  const compute = (message: object): Promise<number> =>
    new Promise((resolve, reject) => {
      asked = { resolve, reject };
      worker.ref();
      worker.postMessage(message);
    });

  /** What tells the thread of a plan; of the oldest that it has, where there are too many, to forget it. */
  const messageFor = (plan: Plan): object => {
    const known = ids.get(plan);
    if (known !== undefined) return { id: known };
    const [oldest] = ids.size < mostPlans ? [] : ids;
    if (oldest !== undefined) ids.delete(oldest[0]);
    ids.set(plan, nextId);
    return { id: nextId++, calls: plan.calls, gone: oldest?.[1] };
  };

  const run = async (inputs: Tensors): Promise<Tensor[]> => {
    // A thread that trapped is gone.
    if (broke !== undefined) throw broke;
    const plan = planOf(inputs);
    if (plan.end > start + span) throw new HeapFull(`a plan of ${plan.end - start} bytes is too large for a thread`);
    heap.prepare(plan);
    heap.write(plan, inputs);
    if ((await compute(messageFor(plan))) === outside) throw new IndexOutside('an index is outside of its table');
    return heap.read(plan);
  };

  return {
    waiting: () => waiting,
    run: async (inputs: Tensors): Promise<Tensor[]> => {
      waiting++;
      const result = turn.then(() => run(inputs));
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
