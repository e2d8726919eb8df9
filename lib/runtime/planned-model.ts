import type { LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Signature, Tensor, Tensors } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { HeapFull } from '../plans/heap.js';
import type { Plan } from '../plans/plan.js';
import { createReplay, IndexOutside } from '../plans/replay.js';
import type { LazyModel } from './lazy-model.js';
import { checkedOutput, checkInput, failed, firstLine, outOfMemory, reloading, tfjsDtypes } from './runner.js';

export interface PlannedParts {
  readonly signature: Signature;
  /** In a heap that is this model's alone. */
  readonly kernels: Kernels;
  readonly planOf: (inputs: Tensors) => Plan;
  /** Computes shapes that there is no plan for. */
  readonly fallback: LazyModel;
  /** Gives the memory's place back. */
  readonly release: () => void;
  readonly warning?: string | undefined;
}

/** A model that is computed by plans. Each predict runs from start to end, so no other meets what it leaves in the heap. */
export function plannedModel({ signature, kernels, planOf, fallback, release, warning }: PlannedParts): LoadedModel {
  const replay = createReplay(kernels);
  let usable = true;

  const compute = (inputs: Tensors): Tensors | undefined => {
    try {
      const results = replay.run(planOf(inputs), inputs);
      return new Map(signature.outputs.map((spec, index) => [spec.name, checked(spec, results[index] as Tensor)]));
    } catch (thrown) {
      if (thrown instanceof CannotPlan) return undefined;
      if (thrown instanceof WebAssembly.RuntimeError) usable = false;
      throw explained(thrown);
    }
  };
  return {
    get usable() {
      return usable;
    },
    ...(warning === undefined ? {} : { warning }),
    predict: async (inputs) => {
      if (!usable) throw reloading();
      for (const [name, input] of inputs) checkInput(name, input);
      return compute(inputs) ?? fallback.predict(inputs);
    },
    dispose: () => {
      usable = false;
      fallback.dispose();
      release();
    },
  };
}

const checked = (spec: Signature['outputs'][number], { datatype, shape, data }: Tensor): Tensor =>
  checkedOutput(spec, { dtype: tfjsDtypes[datatype], shape, data });

function explained(thrown: unknown): ModeletError {
  if (thrown instanceof ModeletError) return thrown;
  if (thrown instanceof IndexOutside) {
    const message =
      'an index in the input is outside of the table that it points into; send only those that the model has';
    return new ModeletError('INVALID_INPUT', message, { cause: thrown });
  }
  if (thrown instanceof HeapFull || thrown instanceof WebAssembly.RuntimeError) return outOfMemory(thrown);
  return failed(`the model failed: ${firstLine(thrown)}`, thrown);
}
