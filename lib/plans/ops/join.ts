import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { numberOf } from '../plan-graph.js';
import type { Value } from '../value.js';
import { axisOf } from './axes.js';
import { reshaped } from './reshape.js';
import { assembled, cut, viewOf } from './view.js';

/** Tensors one behind the other along an axis. */
export function joined(planning: Planning, values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (first === undefined) throw new CannotPlan('nothing to join');
  const sizes = values.map(({ shape }) => shape[axis] as number);
  const shape = first.shape.with(
    axis,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  let start = 0;
  const parts = values.map((value, index) => {
    if (String(value.shape.with(axis, 0)) !== String(shape.with(axis, 0)))
      throw new CannotPlan(`[${value.shape}] behind [${first.shape}]`);
    const size = sizes[index] as number;
    const to = cut(viewOf(shape), axis, start, size);
    start += size;
    return { value, from: viewOf(value.shape), to };
  });
  return values.length === 1 ? first : assembled(planning, shape, parts);
}

const concat =
  (where: 'first' | 'last'): Op['emit'] =>
  (_, inputs, planning) => {
    const axis = inputs.at(where === 'first' ? 0 : -1)?.known?.[0];
    const values = where === 'first' ? inputs.slice(1) : inputs.slice(0, -1);
    return joined(planning, values, axisOf(axis, values[0]?.shape.length ?? 0));
  };

const pack: Op = {
  emit: (node, values, planning) => {
    const axis = axisOf(numberOf(node, 'axis'), (values[0]?.shape.length ?? 0) + 1);
    const thin = values.map((value) => reshaped(value, value.shape.toSpliced(axis, 0, 1), planning));
    return joined(planning, thin, axis);
  },
};

export const joinOps = {
  Concat: { emit: concat('first') },
  ConcatV2: { emit: concat('last') },
  Pack: pack,
} satisfies Record<string, Op>;
