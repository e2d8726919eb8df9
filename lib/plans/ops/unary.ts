import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { numberOf, type PlanNode } from '../plan-graph.js';
import type { Value } from '../value.js';
import type { UnaryKind } from './kinds.js';
import { normalizing } from './layer-norm.js';
import { combined, mapped, scalar } from './mapped.js';

/** @returns what ends of a clamp the nodes behind this one have, if they are one */
export function clampBehind(node: PlanNode, { shape }: Value, planning: Planning): readonly [number, number] {
  const { low, high } = planning.epilogue(node, shape, { bias: false, residual: false });
  return [low, high];
}

const float =
  (compute: (node: PlanNode, value: Value, planning: Planning) => Value): Op['emit'] =>
  (node, [value], planning) => {
    if (value?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of ${value?.datatype}`);
    return compute(node, value, planning);
  };

const op = (kind: UnaryKind, parameters?: (node: PlanNode) => readonly [alpha: number, beta: number]): Op => ({
  emit: float((node, value, planning) => {
    const clamp = clampBehind(node, value, planning);
    return mapped(planning, value, { kind, parameters: parameters?.(node) ?? [0, 0], clamp });
  }),
});

const clamped = (low: number, high: number): Op => ({
  emit: float((_, value, planning) => mapped(planning, value, { kind: 'copy', clamp: [low, high] })),
});

/** Keras' and TensorFlow's constants of selu. */
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

const scaledElu: Op = {
  emit: float((_, value, planning) => {
    const inner = mapped(planning, value, { kind: 'elu', parameters: [selu.alpha, 0] });
    return mapped(planning, inner, { kind: 'affine', parameters: [selu.scale, 0] });
  }),
};

const isNotNumber: Op = {
  emit: float((_, value, planning) => combined(planning, [value, value], 'notEqual', 'BOOL')),
};

const compareSize = (kind: 'equal' | 'less'): Op => ({
  emit: float((_, value, planning) => {
    const size = mapped(planning, value, { kind: 'abs' });
    return combined(planning, [size, scalar('FP32', Number.POSITIVE_INFINITY)], kind, 'BOOL');
  }),
});

const not: Op = {
  emit: (node, [value], planning) => {
    if (value?.datatype !== 'BOOL') throw new CannotPlan(`${node.op} of numbers`);
    return mapped(planning, value, { kind: 'not', datatype: 'BOOL' });
  },
};

export const unaryOps = {
  Neg: op('neg'),
  Abs: op('abs'),
  Square: normalizing(op('square')),
  Sqrt: op('sqrt'),
  Rsqrt: op('rsqrt'),
  Reciprocal: op('reciprocal'),
  Inv: op('reciprocal'),
  Exp: op('exp'),
  Expm1: op('expm1'),
  Log: op('log'),
  Log1p: op('log1p'),
  Sigmoid: op('sigmoid'),
  Tanh: op('tanh'),
  Erf: op('erf'),
  Floor: op('floor'),
  Ceil: op('ceil'),
  Round: op('round'),
  Sign: op('sign'),
  Softplus: op('softplus'),
  Elu: op('elu', () => [1, 0]),
  LeakyRelu: op('leaky', (node) => [numberOf(node, 'alpha', 0.2), 0]),
  Relu: clamped(0, Number.POSITIVE_INFINITY),
  Relu6: clamped(0, 6),
  Selu: scaledElu,
  IsNan: isNotNumber,
  IsInf: compareSize('equal'),
  IsFinite: compareSize('less'),
  LogicalNot: not,
} satisfies Record<string, Op>;
