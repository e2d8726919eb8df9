import { fitsShape, type Signature, type Tensor } from '../core/tensor.js';
import { CannotPlan } from './cannot-plan.js';
import type { Constants } from './constants.js';
import { HeapFull } from './heap.js';
import type { Plan } from './plan.js';
import type { PlanGraph } from './plan-graph.js';
import { planFor } from './planner.js';

/** What is known of inputs before their numbers. */
export type Forms = ReadonlyMap<string, Pick<Tensor, 'datatype' | 'shape'>>;

/** Shapes that are kept: the least recently used goes first. */
const mostPlans = 32;

/**
 * The plans of one model, made when inputs of their shapes first come.
 * @returns the plan for inputs; it throws CannotPlan, at once where that is known, and HeapFull
 */
export function plansByShape(
  graph: PlanGraph,
  { inputs: specs }: Pick<Signature, 'inputs'>,
  constants: Constants,
): (inputs: Forms) => Plan {
  const plans = new Map<string, Plan | CannotPlan>();

  const make = (inputs: Forms): Plan | CannotPlan => {
    const end = constants.end();
    try {
      const shapes = specs.map((spec) => {
        const form = inputs.get(spec.name);
        const fits = form?.datatype === spec.datatype && fitsShape(spec.shape, form.shape);
        if (!fits) throw new CannotPlan(`input '${spec.name}' is not what the signature says`);
        return [spec.name, form.shape] as const;
      });
      return planFor(graph, constants, new Map(shapes));
    } catch (error) {
      if (error instanceof HeapFull) throw error;
      // A graph that is damaged may confuse a handler: TF.js says what is wrong with it.
      return error instanceof CannotPlan ? error : new CannotPlan(String(error), { cause: error });
    } finally {
      // New constants lie where the arenas of earlier plans are.
      if (constants.end() !== end) plans.clear();
    }
  };

  return (inputs) => {
    const key = keyOf(specs, inputs);
    const known = plans.get(key);
    const plan = known ?? make(inputs);
    // The most recently used stands last.
    plans.delete(key);
    plans.set(key, plan);
    if (plans.size > mostPlans) plans.delete(plans.keys().next().value as string);
    if (plan instanceof CannotPlan) throw plan;
    return plan;
  };
}

function keyOf(specs: Signature['inputs'], inputs: Forms): string {
  let key = '';
  for (const { name } of specs) {
    const { datatype, shape } = inputs.get(name) ?? {};
    key += `${datatype} ${shape};`;
  }
  return key;
}
