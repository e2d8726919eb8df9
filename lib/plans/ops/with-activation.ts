import { unclamped } from '../epilogue.js';
import type { Op, Planning } from '../op.js';
import { numberOf, type PlanNode, textsOf } from '../plan-graph.js';
import type { Value } from '../value.js';
import { rectified } from './choose.js';
import { type Mapping, mapped } from './mapped.js';

/** What follows the sums; `last` is the product's last input, which one of them reads. */
type Behind = (planning: Planning, sums: Value, node: PlanNode, last: Value) => Value;

const each =
  (mapping: (node: PlanNode) => Mapping): Behind =>
  (planning, sums, node) =>
    mapped(planning, sums, mapping(node));

const functions: Readonly<Record<string, Behind>> = {
  Elu: each(() => ({ kind: 'elu', parameters: [1, 0] })),
  LeakyRelu: each((node) => ({ kind: 'leaky', parameters: [numberOf(node, 'leakyrelu_alpha', 0.2), 0] })),
  Sigmoid: each(() => ({ kind: 'sigmoid' })),
  Tanh: each(() => ({ kind: 'tanh' })),
  Prelu: (planning, sums, _, alpha) => rectified(planning, sums, alpha),
};

/** An op of a fused product, where an activation that its kernel can't do is a call behind it. */
export function withActivation(op: Op): Op {
  return {
    ...op,
    emit: (node, inputs, planning) => {
      const names = textsOf(node, 'fused_ops');
      const activation = names.at(-1) ?? '';
      const behind = Object.hasOwn(functions, activation) ? functions[activation] : undefined;
      if (behind === undefined) return op.emit(node, inputs, planning);
      const kept = names.slice(0, -1).map((name) => Buffer.from(name).toString('base64'));
      const attr = { ...node.attr, fused_ops: { list: { s: kept } }, num_args: { i: kept.length } };
      const plain: PlanNode = { ...node, attr };
      const [output] = [op.emit(plain, inputs, alone(planning))].flat();
      const last = inputs.at(-1);
      return output === undefined || last === undefined ? [] : behind(planning, output, node, last);
    },
  };
}

/** So that the product takes nothing from behind its activation. */
function alone(planning: Planning): Planning {
  const [low, high] = unclamped;
  return {
    ...planning,
    epilogue: (last) => ({ last, bias: undefined, residual: undefined, low, high }),
    output: (_, shape) => planning.take('FP32', shape),
  };
}
