import { CannotPlan } from '../cannot-plan.js';
import { clamps, type Epilogue } from '../epilogue.js';
import type { Planning } from '../op.js';
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

/** What a fused product's kernel computes along with it: what its node says, and what stands behind that. */
export function behindFused(
  node: PlanNode,
  shape: readonly number[],
  { bias, clamp }: Fused,
  planning: Planning,
  takesResidual: boolean,
): Pick<Epilogue, 'bias' | 'residual' | 'low' | 'high'> {
  // What follows a clamp is not what the kernel does before it.
  if (clamp !== undefined) return { bias, residual: undefined, low: clamp[0], high: clamp[1] };
  const behind = planning.epilogue(node, shape, { bias: bias === undefined, residual: takesResidual });
  return { ...behind, bias: bias ?? behind.bias };
}
