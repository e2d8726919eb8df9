import type { Datatype } from '../../core/tensor.js';
import { binaryKinds } from '../../kernels/kinds.js';
import { CannotPlan } from '../cannot-plan.js';
import { unclamped } from '../epilogue.js';
import type { Op } from '../op.js';

type Kind = (typeof binaryKinds)[number];

/** Numbers that `binary` and `copy` take axes of. */
const axes = { binary: 5 } as const;

/** The shape of both together: a size of 1, or none, takes the other's. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [left = 1, right = 1] = [a[axis - rank + a.length], b[axis - rank + b.length]];
    if (left !== right && left !== 1 && right !== 1) throw new CannotPlan(`[${a}] with [${b}]`);
    return left === 1 ? right : left;
  });
}

/** Elements from one index to the next on each axis of `shape`, 0 where the value is repeated. */
export function stridesIn(value: readonly number[], shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (let axis = value.length - 1; axis >= 0; axis--) {
    const size = value[axis] as number;
    strides[axis + shape.length - value.length] = size === 1 ? 0 : step;
    step *= size;
  }
  return strides;
}

/** Axes that all operands walk alike are one; sizes of 1 in front make up the number that a kernel takes. */
export function mergeAxes(shape: readonly number[], strides: readonly (readonly number[])[], count: number) {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const last = sizes.length - 1;
    const fits = last >= 0 && merged.every((of, index) => of[last] === size * (strides[index]?.[axis] as number));
    if (fits) {
      sizes[last] = (sizes[last] as number) * size;
      for (const [index, of] of merged.entries()) of[last] = strides[index]?.[axis] as number;
    } else {
      sizes.push(size);
      for (const [index, of] of merged.entries()) of.push(strides[index]?.[axis] as number);
    }
  }
  if (sizes.length > count) throw new CannotPlan(`broadcasting over ${sizes.length} axes`);
  const missing = count - sizes.length;
  return {
    sizes: [...new Array<number>(missing).fill(1), ...sizes],
    strides: merged.map((of) => [...new Array<number>(missing).fill(0), ...of]),
  };
}

const op = (float: Kind, whole?: Kind, result?: Datatype): Op => ({
  emit: (node, [a, b], planning) => {
    if (a === undefined || b === undefined || a.datatype !== b.datatype)
      throw new CannotPlan(`${node.op} of two types`);
    const isFloat = a.datatype === 'FP32';
    const kind = isFloat ? float : whole;
    if (kind === undefined) throw new CannotPlan(`${node.op} of whole numbers`);
    const shape = broadcast(a.shape, b.shape);
    const isClamped = isFloat && result === undefined;
    const { low, high } = isClamped
      ? planning.epilogue(node, shape, { bias: false, residual: false })
      : { low: unclamped[0], high: unclamped[1] };
    const output = planning.take(result ?? a.datatype, shape);
    const { sizes, strides } = mergeAxes(shape, [stridesIn(a.shape, shape), stridesIn(b.shape, shape)], axes.binary);
    planning.call(
      'binary',
      ...[binaryKinds.indexOf(kind), planning.at(a), planning.at(b), planning.at(output)],
      ...[sizes, ...strides].map(planning.integers),
      ...[low, high],
    );
    return output;
  },
});

export const arithmeticOps = {
  Add: op('add', 'intAdd'),
  AddV2: op('add', 'intAdd'),
  BiasAdd: op('add', 'intAdd'),
  Sub: op('sub', 'intSub'),
  Mul: op('mul', 'intMul'),
  RealDiv: op('div'),
  Maximum: op('max'),
  Minimum: op('min'),
  SquaredDifference: op('squaredDifference'),
  Equal: op('equal', 'intEqual', 'BOOL'),
  NotEqual: op('notEqual', 'intNotEqual', 'BOOL'),
  Less: op('less', 'intLess', 'BOOL'),
  LessEqual: op('lessEqual', 'intLessEqual', 'BOOL'),
  Greater: op('greater', 'intGreater', 'BOOL'),
  GreaterEqual: op('greaterEqual', 'intGreaterEqual', 'BOOL'),
  LogicalAnd: op('equal', 'and'),
  LogicalOr: op('equal', 'or'),
} satisfies Record<string, Op>;
