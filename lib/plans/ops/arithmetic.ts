import type { Datatype } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import { unclamped } from '../epilogue.js';
import type { Op } from '../op.js';
import type { PlanNode } from '../plan-graph.js';
import type { Value } from '../value.js';
import { broadcast } from './axes.js';
import type { BinaryKind } from './kinds.js';
import { combined } from './mapped.js';
import { clampBehind } from './unary.js';

/** What computes an op on each type, where something does. */
type Kinds = Readonly<Partial<Record<Datatype, BinaryKind>>>;

/** @throws CannotPlan where TF.js would have to wrap what TensorFlow's int64 can hold */
export function refuseLong(node: PlanNode, { known }: Value): void {
  if (node.attr.T?.type === 'DT_INT64' && known === undefined) throw new CannotPlan(`${node.op} on int64`);
}

const pairOf = (node: PlanNode, [a, b, ...others]: readonly Value[], kinds: Kinds) => {
  if (a === undefined || b === undefined || others.length > 0) throw new CannotPlan(`${node.op} of one tensor`);
  const kind = a.datatype === b.datatype ? kinds[a.datatype] : undefined;
  if (kind === undefined) throw new CannotPlan(`${node.op} of ${a.datatype} and ${b.datatype}`);
  return { pair: [a, b], kind } as const;
};

const arithmetic = (kinds: Kinds): Op => ({
  emit: (node, inputs, planning) => {
    const { pair, kind } = pairOf(node, inputs, kinds);
    const [a, b] = pair;
    const isKnown = a.known !== undefined && b.known !== undefined;
    if (a.datatype === 'FP32' && !isKnown) {
      const clamp = clampBehind(node, { ...a, shape: broadcast(a.shape, b.shape) }, planning);
      return combined(planning, pair, kind, 'FP32', clamp);
    }
    const result = combined(planning, pair, kind);
    refuseLong(node, result);
    return result;
  },
});

const comparison = (kinds: Kinds): Op => ({
  emit: (node, inputs, planning) => {
    const { pair, kind } = pairOf(node, inputs, kinds);
    return combined(planning, pair, kind, 'BOOL');
  },
});

const sum: Op = {
  emit: (node, inputs, planning) => {
    const [first, ...others] = inputs;
    if (first === undefined || first.datatype !== 'FP32') throw new CannotPlan(`${node.op} of whole numbers`);
    return others.reduce((all, value) => combined(planning, [all, value], 'add'), first);
  },
};

/** An image or rows with one number for each channel. */
const biasAdd: Op = {
  emit: (node, inputs, planning) => {
    const format = node.attr.data_format?.s;
    if (format !== undefined && Buffer.from(String(format), 'base64').toString() !== 'NHWC')
      throw new CannotPlan(`${node.op} with channels first`);
    return arithmetic({ FP32: 'add' }).emit(node, inputs, planning);
  },
};

const clip: Op = {
  emit: (node, [value, low, high], planning) => {
    const pair = (other: Value | undefined): readonly [Value, Value] => {
      if (value?.datatype !== 'FP32' || other?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of whole numbers`);
      return [value, other];
    };
    const raised = combined(planning, pair(low), 'max', 'FP32', unclamped);
    return combined(planning, [raised, pair(high)[1]], 'min', 'FP32', unclamped);
  },
};

export const arithmeticOps = {
  Add: arithmetic({ FP32: 'add', INT32: 'intAdd' }),
  AddV2: arithmetic({ FP32: 'add', INT32: 'intAdd' }),
  AddN: sum,
  BiasAdd: biasAdd,
  Sub: arithmetic({ FP32: 'sub', INT32: 'intSub' }),
  Mul: arithmetic({ FP32: 'mul', INT32: 'intMul' }),
  // Of whole numbers TF.js' result is rounded down, TensorFlow's is none.
  RealDiv: arithmetic({ FP32: 'div' }),
  FloorDiv: arithmetic({ INT32: 'intFloorDiv' }),
  FloorMod: arithmetic({ INT32: 'intFloorMod' }),
  Pow: arithmetic({ FP32: 'pow' }),
  Maximum: arithmetic({ FP32: 'max', INT32: 'intMax' }),
  Minimum: arithmetic({ FP32: 'min', INT32: 'intMin' }),
  SquaredDifference: arithmetic({ FP32: 'squaredDifference' }),
  ClipByValue: clip,
  Equal: comparison({ FP32: 'equal', INT32: 'intEqual', BOOL: 'intEqual' }),
  NotEqual: comparison({ FP32: 'notEqual', INT32: 'intNotEqual', BOOL: 'intNotEqual' }),
  Less: comparison({ FP32: 'less', INT32: 'intLess' }),
  LessEqual: comparison({ FP32: 'lessEqual', INT32: 'intLessEqual' }),
  Greater: comparison({ FP32: 'greater', INT32: 'intGreater' }),
  GreaterEqual: comparison({ FP32: 'greaterEqual', INT32: 'intGreaterEqual' }),
  LogicalAnd: comparison({ BOOL: 'and' }),
  LogicalOr: comparison({ BOOL: 'or' }),
} satisfies Record<string, Op>;
