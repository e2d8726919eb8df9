import { elementCount } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import { unclamped } from '../epilogue.js';
import type { Op, Planning } from '../op.js';
import { flagOf, type PlanNode } from '../plan-graph.js';
import type { Value } from '../value.js';
import { behindFused, type Fused, fusedOf } from './activation.js';
import { broadcast } from './axes.js';
import { combined, mapped } from './mapped.js';
import { packedProduct } from './packed-product.js';
import { broadcastTo, permuted, viewed, viewOf } from './view.js';
import { withActivation } from './with-activation.js';

/** Rows times a weight [depth, columns], turned where it lies as [columns, depth], with all that the kernel does behind. */
function weighted(
  node: PlanNode,
  rows: Value,
  weight: string,
  [depth, columns]: readonly [number, number],
  turned: boolean,
  fused: Fused,
  planning: Planning,
): Value {
  const count = elementCount(rows.shape) / depth;
  const shape = [...rows.shape.slice(0, -1), columns];
  const { bias, residual, low, high } = behindFused(node, shape, fused, planning, true);
  const output = planning.take('FP32', shape);
  planning.call(
    'conv2d',
    planning.at(rows),
    packedProduct(planning, weight, bias, depth, columns, turned),
    planning.at(output),
    residual === undefined ? 0 : planning.at(residual),
    ...[1, 1, count, depth, 1, 1, 1, 1, count * depth, 0, columns, count * columns, 0, columns, low, high],
  );
  return output;
}

/** One product for each matrix of a batch, [..., rows, depth] · [..., depth, columns]; the matrices of one side may be repeated. */
function batched(planning: Planning, a: Value, b: Value, turnA: boolean, turnB: boolean): Value {
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const items = elementCount(batch);
  const [left, stepA] = sideOf(planning, a, batch);
  const [right, stepB] = sideOf(planning, b, batch);
  const [rows, depth] = sizesOf(a, turnA);
  const [depthB, columns] = sizesOf(b, turnB);
  if (depth !== depthB) throw new CannotPlan(`[${a.shape}] times [${b.shape}]`);
  // Rows of all items meet the same matrix.
  const together = stepB === 0 && !turnA && stepA !== 0;
  const output = planning.take('FP32', [...batch, rows, columns]);
  const scratch = planning.scratch(Math.ceil(columns / 8) * 8 * (depth + 1) + (turnA ? rows * depth : 0));
  planning.call(
    'batch_matmul',
    ...[planning.at(left), planning.at(right), planning.at(output)],
    ...(together ? [1, rows * items] : [items, rows]),
    ...[depth, columns, Number(turnA), Number(turnB), stepA, stepB, scratch],
  );
  return output;
}

const sizesOf = ({ shape }: Value, turned: boolean): readonly [number, number] => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return turned ? [columns, rows] : [rows, columns];
};

/** A side of a batch of products, and floats from one item to the next: 0 where all items share one matrix. */
function sideOf(planning: Planning, value: Value, batch: readonly number[]): readonly [Value, step: number] {
  const matrix = value.shape.slice(-2);
  const own = elementCount(value.shape.slice(0, -2));
  if (own === 1) return [value, 0];
  return [viewed(planning, value, broadcastTo(viewOf(value.shape), [...batch, ...matrix])), elementCount(matrix)];
}

const product: Op = {
  emit: (node, inputs, planning) => {
    const [a, b, bias] = inputs;
    if (a?.datatype !== 'FP32' || b?.datatype !== 'FP32' || a.shape.length < 2 || b.shape.length < 2)
      throw new CannotPlan(`${node.op} of ${a?.datatype} and ${b?.datatype}`);
    const turnA = flagOf(node, 'transpose_a') || flagOf(node, 'adj_x');
    const turnB = flagOf(node, 'transpose_b') || flagOf(node, 'adj_y');
    if (b.weight !== undefined && b.shape.length === 2) {
      const rank = a.shape.length;
      const axes = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2];
      const rows = turnA ? viewed(planning, a, permuted(viewOf(a.shape), axes)) : a;
      const sizes = sizesOf(b, turnB);
      if (sizes[0] !== rows.shape.at(-1)) throw new CannotPlan(`[${rows.shape}] times [${sizes}]`);
      return weighted(node, rows, b.weight, sizes, turnB, fusedOf(node, inputs), planning);
    }
    const fused = fusedOf(node, inputs);
    const result = batched(planning, a, b, turnA, turnB);
    const clamp = fused.clamp ?? unclamped;
    if (fused.bias !== undefined && bias !== undefined) return combined(planning, [result, bias], 'add', 'FP32', clamp);
    return fused.clamp === undefined ? result : mapped(planning, result, { kind: 'copy', clamp });
  },
};

export const productOps = {
  MatMul: product,
  _FusedMatMul: withActivation(product),
  BatchMatMul: product,
  BatchMatMulV2: product,
  BatchMatMulV3: product,
} satisfies Record<string, Op>;
