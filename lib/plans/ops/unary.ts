import type { Datatype } from '../../core/tensor.js';
import { unaryKinds } from '../../kernels/kinds.js';
import { CannotPlan } from '../cannot-plan.js';
import { unclamped } from '../epilogue.js';
import type { Op, Planning } from '../op.js';
import { numberOf, type PlanNode } from '../plan-graph.js';
import { countOf, type Value } from '../value.js';

type Kind = (typeof unaryKinds)[number];

interface Function {
  readonly kind: Kind;
  /** Two numbers that some kinds have, see elementwise.c. */
  readonly parameters?: (node: PlanNode) => readonly [alpha: number, beta: number];
  readonly clamp?: readonly [low: number, high: number];
}

/** A call that maps each number of a tensor. */
export function mapped(
  planning: Planning,
  value: Value,
  {
    kind,
    parameters = [0, 0],
    clamp = unclamped,
    datatype = 'FP32',
  }: {
    readonly kind: Kind;
    readonly parameters?: readonly [number, number];
    readonly clamp?: readonly [number, number];
    readonly datatype?: Datatype;
  },
): Value {
  const output = planning.take(datatype, value.shape);
  const count = countOf(value);
  planning.call(
    'unary',
    unaryKinds.indexOf(kind),
    planning.at(value),
    planning.at(output),
    count,
    ...parameters,
    ...clamp,
  );
  return output;
}

const op = ({ kind, parameters, clamp }: Function): Op => ({
  emit: (node, [value], planning) => {
    if (value?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of whole numbers`);
    const behind = clamp ?? clampBehind(node, value, planning);
    return mapped(planning, value, { kind, parameters: parameters?.(node) ?? [0, 0], clamp: behind });
  },
});

function clampBehind(node: PlanNode, { shape }: Value, planning: Planning): readonly [number, number] {
  const { low, high } = planning.epilogue(node, shape, { bias: false, residual: false });
  return [low, high];
}

export const unaryOps = {
  Neg: op({ kind: 'neg' }),
  Abs: op({ kind: 'abs' }),
  Square: op({ kind: 'square' }),
  Sqrt: op({ kind: 'sqrt' }),
  Rsqrt: op({ kind: 'rsqrt' }),
  Reciprocal: op({ kind: 'reciprocal' }),
  Inv: op({ kind: 'reciprocal' }),
  Exp: op({ kind: 'exp' }),
  Log: op({ kind: 'log' }),
  Sigmoid: op({ kind: 'sigmoid' }),
  Tanh: op({ kind: 'tanh' }),
  Erf: op({ kind: 'erf' }),
  Floor: op({ kind: 'floor' }),
  Ceil: op({ kind: 'ceil' }),
  Round: op({ kind: 'round' }),
  Sign: op({ kind: 'sign' }),
  Softplus: op({ kind: 'softplus' }),
  Elu: op({ kind: 'elu', parameters: () => [1, 0] }),
  LeakyRelu: op({ kind: 'leaky', parameters: (node) => [numberOf(node, 'alpha', 0.2), 0] }),
  Relu: op({ kind: 'copy', clamp: [0, Number.POSITIVE_INFINITY] }),
  Relu6: op({ kind: 'copy', clamp: [0, 6] }),
} satisfies Record<string, Op>;
