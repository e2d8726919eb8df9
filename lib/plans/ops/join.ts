import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { numberOf } from '../plan-graph.js';
import type { Value } from '../value.js';
import { axisOf } from './axes.js';
import { reshaped } from './reshape.js';
import { assembled, cut, lying, place, type View, viewOf } from './view.js';

/** Tensors one behind the other along an axis. @param take makes room for them */
export function joined(
  planning: Planning,
  values: readonly Value[],
  axis: number,
  take: (shape: readonly number[]) => Value = (shape) => planning.take(values[0]?.datatype ?? 'FP32', shape),
): Value {
  const [first] = values;
  if (first === undefined) throw new CannotPlan('nothing to join');
  if (values.length === 1) return first;
  const length = values.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
  const shape = first.shape.with(axis, length);
  for (const { datatype, shape: own } of values)
    if (datatype !== first.datatype || String(own.with(axis, length)) !== String(shape))
      throw new CannotPlan(`[${own}] behind [${first.shape}]`);
  const starts = values.map((_, index) =>
    values.slice(0, index).reduce((sum, { shape: before }) => sum + (before[axis] as number), 0),
  );
  const part = (whole: View, index: number): View =>
    cut(whole, axis, starts[index] as number, values[index]?.shape[axis] as number);
  if (values.every(({ known }) => known !== undefined)) {
    const whole = viewOf(shape);
    const parts = values.map((value, index) => ({ value, from: viewOf(value.shape), to: part(whole, index) }));
    return assembled(planning, shape, parts);
  }
  const output = take(shape);
  for (const [index, value] of values.entries())
    place(planning, planning.place(value), lying(value), planning.place(output), part(lying(output), index));
  return output;
}

const concat =
  (where: 'first' | 'last'): Op['emit'] =>
  (node, inputs, planning) => {
    const axis = inputs.at(where === 'first' ? 0 : -1)?.known?.[0];
    const values = where === 'first' ? inputs.slice(1) : inputs.slice(0, -1);
    const isFloat = values[0]?.datatype === 'FP32';
    const take = isFloat ? (shape: readonly number[]) => planning.output(node, shape) : undefined;
    return joined(planning, values, axisOf(axis, values[0]?.shape.length ?? 0), take);
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
