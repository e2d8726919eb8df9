import { unclamped } from '../epilogue.js';
import type { Op, Planning } from '../op.js';
import { numberOf, type PlanNode, textsOf } from '../plan-graph.js';
import { type Mapping, mapped } from './mapped.js';

const functions: Readonly<Record<string, (node: PlanNode) => Mapping>> = {
  Elu: () => ({ kind: 'elu', parameters: [1, 0] }),
  LeakyRelu: (node) => ({ kind: 'leaky', parameters: [numberOf(node, 'leakyrelu_alpha', 0.2), 0] }),
  Sigmoid: () => ({ kind: 'sigmoid' }),
  Tanh: () => ({ kind: 'tanh' }),
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
      const plain: PlanNode = { ...node, attr: { ...node.attr, fused_ops: { list: { s: kept } } } };
      const [output] = [op.emit(plain, inputs, alone(planning))].flat();
      return output === undefined ? [] : mapped(planning, output, behind(node));
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
