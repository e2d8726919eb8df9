import type { LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Signature, Tensor, Tensors } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { HeapFull } from '../plans/heap.js';
import type { PlanSource } from '../plans/plan-source.js';
import { createReplay, IndexOutside } from '../plans/replay.js';
import { ThreadBroke } from '../plans/threads.js';
import type { LazyModel } from './lazy-model.js';
import { planThreads } from './plan-threads.js';
import { checkedOutput, checkInput, failed, firstLine, outOfMemory, reloading, tfjsDtypes } from './runner.js';

export interface PlannedParts {
  readonly signature: Signature;
  /** In a heap that is this model's alone. */
  readonly source: PlanSource;
  /** Computes shapes that there is no plan for. */
  readonly fallback: LazyModel;
  /** Threads that work of many passes may use beside this one. */
  readonly threads: number;
  /** Gives the memory's place back. */
  readonly release: () => void;
  /** Takes the heap when nothing runs in it any more; not that of a trap. */
  readonly giveHeap: (kernels: Kernels) => void;
  readonly warning?: string | undefined;
}

/** A model that is computed by plans. Each predict runs from start to end, so no other meets what it leaves in the heap. */
export function plannedModel({
  signature,
  source,
  fallback,
  threads,
  release,
  giveHeap,
  warning,
}: PlannedParts): LoadedModel {
  const { kernels, planOf } = source;
  const replay = createReplay(kernels);
  const others = threads > 0 ? planThreads({ ...source, count: threads }) : undefined;
  let usable = true;

  const here = (inputs: Tensors): Tensor[] | Promise<Tensor[]> => {
    // After a wait the heap may be another model's.
    if (!usable) throw reloading();
    const plan = others === undefined ? planOf(inputs) : others.planHere(inputs);
    return plan instanceof Promise ? plan.then(() => here(inputs)) : replay.run(plan, inputs);
  };
  const compute = async (inputs: Tensors, run: typeof here): Promise<Tensors> => {
    for (const [name, input] of inputs) checkInput(name, input);
    try {
      const results = await run(inputs);
      return new Map(signature.outputs.map((spec, index) => [spec.name, checked(spec, results[index] as Tensor)]));
    } catch (thrown) {
      if (thrown instanceof CannotPlan) return fallback.predict(inputs);
      if (isTrap(thrown)) usable = false;
      throw explained(thrown);
    }
  };
  return {
    get usable() {
      return usable;
    },
    ...(warning === undefined ? {} : { warning }),
    predict: (inputs) => compute(inputs, here),
    predictBeside:
      others &&
      ((inputs) =>
        compute(inputs, () => {
          if (!usable) throw reloading();
          return others.run(inputs).catch((error: unknown) => {
            // It fits here, or not at all.
            if (error instanceof HeapFull) return here(inputs);
            throw error;
          });
        })),
    dispose: () => {
      const isSound = usable;
      usable = false;
      const closing = others?.end();
      if (isSound && closing === undefined) giveHeap(kernels);
      else if (isSound) closing?.then(() => giveHeap(kernels)).catch(() => undefined);
      fallback.dispose();
      release();
    },
  };
}

const checked = (spec: Signature['outputs'][number], { datatype, shape, data }: Tensor): Tensor =>
  checkedOutput(spec, { dtype: tfjsDtypes[datatype], shape, data });

const isTrap = (thrown: unknown): boolean =>
  thrown instanceof WebAssembly.RuntimeError || thrown instanceof ThreadBroke;

function explained(thrown: unknown): ModeletError {
  if (thrown instanceof ModeletError) return thrown;
  if (thrown instanceof IndexOutside) {
    const message =
      'an index in the input is outside of the table that it points into; send only those that the model has';
    return new ModeletError('INVALID_INPUT', message, { cause: thrown });
  }
  if (thrown instanceof HeapFull || isTrap(thrown)) return outOfMemory(thrown);
  return failed(`the model failed: ${firstLine(thrown)}`, thrown);
}
