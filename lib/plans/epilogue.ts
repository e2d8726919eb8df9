import type { PlanNode } from './plan-graph.js';
import type { Value } from './value.js';

/** What happens to each number of a product before it is stored. */
export interface Epilogue {
  /** The node whose output is stored in the end. */
  readonly last: PlanNode;
  /** The weight that is added to each row. */
  readonly bias: string | undefined;
  /** A tensor of the same shape that is added. */
  readonly residual: Value | undefined;
  readonly low: number;
  readonly high: number;
}

/** The ends of activations that are clamps. */
export const clamps: Readonly<Record<string, readonly [low: number, high: number]>> = {
  Relu: [0, Number.POSITIVE_INFINITY],
  Relu6: [0, 6],
};

export const unclamped = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** What stands around a node, for kernels that do the work of several. */
export interface Surroundings {
  /** Whatever reads the node's output, once an input; nothing where the graph's caller does, too. */
  readers(node: PlanNode): readonly PlanNode[];
  /** The one node that reads the node's output, once, if nobody else does. */
  onlyReader(node: PlanNode): PlanNode | undefined;
  /** What is planned already, or a weight. */
  tensorOf(input: string): Value | undefined;
}

/** Follows a product's only readers as long as its kernel can do their work: a bias, then a sum, then a clamp. */
export function followEpilogue(
  node: PlanNode,
  shape: readonly number[],
  takes: { readonly bias: boolean; readonly residual: boolean },
  { onlyReader, tensorOf }: Surroundings,
): Epilogue & { readonly taken: readonly PlanNode[] } {
  const columns = shape[shape.length - 1];
  let epilogue: Epilogue = { last: node, bias: undefined, residual: undefined, low: unclamped[0], high: unclamped[1] };
  const taken: PlanNode[] = [];
  for (let next = onlyReader(node); next !== undefined; next = onlyReader(next)) {
    const { last, bias, residual } = epilogue;
    const clamp = clamps[next.op];
    if (clamp !== undefined) {
      taken.push(next);
      return { ...epilogue, last: next, low: clamp[0], high: clamp[1], taken };
    }
    if (!['BiasAdd', 'Add', 'AddV2'].includes(next.op)) break;
    const other = next.input.find((input) => input !== last.name);
    const value = other === undefined ? undefined : tensorOf(other);
    if (value?.datatype !== 'FP32') break;
    const { weight, known } = value;
    const isRow =
      value.shape.length <= shape.length &&
      value.shape[value.shape.length - 1] === columns &&
      value.shape.slice(0, -1).every((size) => size === 1);
    if (weight !== undefined && isRow && takes.bias && bias === undefined && residual === undefined) {
      epilogue = { ...epilogue, last: next, bias: weight };
    } else if (
      takes.residual &&
      residual === undefined &&
      weight === undefined &&
      known === undefined &&
      isSame(value.shape, shape)
    ) {
      epilogue = { ...epilogue, last: next, residual: value };
    } else {
      break;
    }
    taken.push(next);
  }
  return { ...epilogue, taken };
}

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
