import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { countOf, type Value } from '../value.js';
import { broadcast } from './axes.js';
import { combined, scalar } from './mapped.js';
import { reshaped } from './reshape.js';
import { filled } from './sizes.js';

/** `a` where the condition holds, else `b`; each is repeated where it is smaller. */
export function chosen(planning: Planning, condition: Value, a: Value, b: Value): Value {
  if (condition.datatype !== 'BOOL' || a.datatype !== b.datatype) throw new CannotPlan('a choice between two types');
  const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
  if (condition.known?.length === 1) return filled(planning, condition.known[0] === 0 ? b : a, shape);
  const places = [condition, a, b].map((value) => planning.at(filled(planning, value, shape)));
  const output = planning.take(a.datatype, shape);
  planning.call('choose', ...places, planning.at(output), countOf(output));
  return output;
}

const select: Op = {
  emit: (node, [condition, a, b], planning) => {
    if (condition === undefined || a === undefined || b === undefined) throw new CannotPlan(`${node.op} of nothing`);
    // The older op takes a vector of conditions for whole rows.
    const byRow = node.op === 'Select' && condition.shape.length === 1 && a.shape.length > 1;
    const rows = [condition.shape[0] as number, ...a.shape.slice(1).map(() => 1)];
    return chosen(planning, byRow ? reshaped(condition, rows, planning) : condition, a, b);
  },
};

/** x, or alpha · x below 0. */
export function rectified(planning: Planning, value: Value, alpha: Value): Value {
  const below = combined(planning, [value, scalar('FP32', 0)], 'less', 'BOOL');
  return chosen(planning, below, combined(planning, [value, alpha], 'mul'), value);
}

const prelu: Op = {
  emit: (node, [value, alpha], planning) => {
    if (value?.datatype !== 'FP32' || alpha?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of whole numbers`);
    return rectified(planning, value, alpha);
  },
};

export const chooseOps = { Select: select, SelectV2: select, Prelu: prelu } satisfies Record<string, Op>;
