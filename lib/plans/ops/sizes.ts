import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { type PlanNode, typeOf } from '../plan-graph.js';
import { countOf, type Value } from '../value.js';
import { scalar } from './mapped.js';
import { broadcastTo, viewed, viewOf } from './view.js';

const integers = (numbers: readonly number[]): Value => ({
  datatype: 'INT32',
  shape: [numbers.length],
  known: numbers,
});

/** Ops that read only how large a tensor is. */
const sizeOf = (read: (value: Value) => Value): Op => ({
  emit: (node, [value]) => {
    if (value === undefined) throw new CannotPlan(`${node.op} of nothing`);
    return read(value);
  },
});

/** A tensor of one number, written anew by each run: known where it is small. */
export function filled(planning: Planning, value: Value, shape: readonly number[]): Value {
  return viewed(planning, value, broadcastTo(viewOf(value.shape), shape));
}

const fill: Op = {
  emit: (node, [sizes, value], planning) => {
    if (value === undefined || sizes?.known === undefined) throw new CannotPlan(`${node.op} of computed sizes`);
    return filled(planning, value, sizes.known);
  },
};

const likeness = (number: 0 | 1): Op => ({
  emit: (node, [value], planning) => {
    if (value === undefined) throw new CannotPlan(`${node.op} of nothing`);
    return filled(planning, scalar(value.datatype, number), value.shape);
  },
});

/** More numbers are not planned: they would be literals of each plan. */
const longestRange = 65_536;

const range: Op = {
  emit: (node: PlanNode, inputs) => {
    const [start, limit, delta] = inputs.map(({ known }) => known?.[0]);
    if (start === undefined || limit === undefined || delta === undefined || typeOf(node, 'Tidx') !== 'INT32')
      throw new CannotPlan(`${node.op} of computed ends`);
    const length = Math.max(0, Math.ceil((limit - start) / delta));
    if (!(length <= longestRange)) throw new CannotPlan(`${node.op} of ${length} numbers`);
    return integers(Array.from({ length }, (_, index) => start + index * delta));
  },
};

export const sizeOps = {
  Shape: sizeOf(({ shape }) => integers(shape)),
  Size: sizeOf((value) => scalar('INT32', countOf(value))),
  Rank: sizeOf(({ shape }) => scalar('INT32', shape.length)),
  Fill: fill,
  ZerosLike: likeness(0),
  OnesLike: likeness(1),
  Range: range,
} satisfies Record<string, Op>;
