import type { Building } from './building.js';
import type { Constants } from './constants.js';
import type { Epilogue, Surroundings } from './epilogue.js';
import type { PlanNode } from './plan-graph.js';
import type { Padding, Value } from './value.js';

/** How nodes of an op are planned. */
export interface Op {
  /**
   * Emits the calls that compute a node.
   * @returns its output, or its outputs
   * @throws CannotPlan for what it can't do
   */
  emit(node: PlanNode, inputs: readonly Value[], planning: Planning): Value | readonly Value[];
  /** The border that it needs around its first input of that shape, so that whoever makes this can write it in place. */
  wants?(node: PlanNode, shape: readonly number[], constants: Constants): Padding;
}

/** A plan in the making, as ops see it. */
export interface Planning extends Building, Surroundings {
  /** Lets the kernel that computes a node compute those behind it, too, up to the last, whose output is the node's. */
  along(node: PlanNode, behind: readonly PlanNode[], last: PlanNode): void;
  /**
   * What of the nodes behind this one its kernel computes along; they need no call of their own then.
   * @param takes whether the kernel can add a bias, and another tensor
   */
  epilogue(
    node: PlanNode,
    shape: readonly number[],
    takes: { readonly bias: boolean; readonly residual: boolean },
  ): Epilogue;
  /** Room for the FP32 output of a node, with the border that a reader of it wants. */
  output(node: PlanNode, shape: readonly number[]): Value;
}
