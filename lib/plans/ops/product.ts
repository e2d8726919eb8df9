import { elementCount } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { flagOf } from '../plan-graph.js';
import { fusedOf } from './activation.js';
import { packedProduct } from './packed-product.js';

const product: Op = {
  emit: (node, [rows, kernel, ...rest], planning) => {
    if (rows === undefined || kernel?.weight === undefined) throw new CannotPlan(`${node.op} of computed tensors`);
    if (flagOf(node, 'transpose_a') || flagOf(node, 'transpose_b')) throw new CannotPlan(`${node.op} transposed`);
    const [depth, columns] = kernel.shape as [number, number];
    const count = elementCount(rows.shape) / depth;
    const shape = [...rows.shape.slice(0, -1), columns];
    const fused = fusedOf(node, [rows, kernel, ...rest]);
    const behind = planning.epilogue(node, shape, {
      bias: fused.bias === undefined,
      residual: fused.clamp === undefined,
    });
    const [low, high] = fused.clamp ?? [behind.low, behind.high];
    const output = planning.output(node, shape);
    planning.call(
      'conv2d',
      planning.at(rows),
      packedProduct(planning, kernel.weight, fused.bias ?? behind.bias, depth, columns),
      planning.at(output),
      behind.residual === undefined ? 0 : planning.at(behind.residual),
      ...[1, 1, count, depth, 1, 1, 1, 1, count * depth, 0, columns, count * columns, 0, columns, low, high],
    );
    return output;
  },
};

export const productOps = { MatMul: product, _FusedMatMul: product } satisfies Record<string, Op>;
