import type { Datatype } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { typeOf } from '../plan-graph.js';
import type { Value } from '../value.js';
import { combined, mapped, scalar } from './mapped.js';

/** Numbers of another type: whole ones are cut toward zero, and whatever is not 0 is true. */
export function cast(planning: Planning, value: Value, datatype: Datatype): Value {
  if (value.datatype === datatype) return value;
  if (datatype === 'BOOL') {
    const kind = value.datatype === 'FP32' ? 'notEqual' : 'intNotEqual';
    return combined(planning, [value, scalar(value.datatype, 0)], kind, 'BOOL');
  }
  if (datatype === 'FP32') return mapped(planning, value, { kind: 'toFloat' });
  // A BOOL is 0 or 1 in the heap.
  if (value.datatype === 'BOOL') return { ...value, datatype, weight: undefined };
  return mapped(planning, value, { kind: 'toInt', datatype });
}

const castOp: Op = {
  emit: (node, [value], planning) => {
    if (value === undefined) throw new CannotPlan('Cast of nothing');
    return cast(planning, value, typeOf(node, 'DstT'));
  },
};

export const castOps = { Cast: castOp } satisfies Record<string, Op>;
