import { CannotPlan } from '../cannot-plan.js';
import { clamps, unclamped } from '../epilogue.js';
import { numberOf, type PlanNode, textsOf } from '../plan-graph.js';
import type { Value } from '../value.js';

/** What a fused product does behind its sums. */
export interface Fused {
  readonly bias: string | undefined;
  /** The clamp that its kernel applies; none where something else follows. */
  readonly clamp: readonly [low: number, high: number] | undefined;
}

/** @throws CannotPlan for an activation that is not a clamp, or a bias that is no weight */
export function fusedOf(node: PlanNode, inputs: readonly Value[]): Fused {
  const [first, second, ...more] = textsOf(node, 'fused_ops');
  const hasBias = first === 'BiasAdd';
  const activation = hasBias ? second : first;
  if (more.length > 0 || numberOf(node, 'num_args') > 1) throw new CannotPlan(`${node.op} with ${more.join()}`);
  const clamp = activation === undefined ? undefined : clamps[activation];
  if (activation !== undefined && clamp === undefined) throw new CannotPlan(`${node.op} with ${activation}`);
  const bias = hasBias ? inputs[2]?.weight : undefined;
  if (hasBias && bias === undefined) throw new CannotPlan(`${node.op} with a bias that is computed`);
  return { bias, clamp };
}

export const clampOf = ({ clamp }: Fused): readonly [number, number] => clamp ?? unclamped;
