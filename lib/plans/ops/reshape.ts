import { elementCount } from '../../core/tensor.js';
import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { integersOf } from '../plan-graph.js';
import type { Value } from '../value.js';
import { axisOf } from './axes.js';
import { viewed, viewOf } from './view.js';

/** The same numbers in another shape, where they are. */
export function reshaped(value: Value, shape: readonly number[], building: Building): Value {
  if (elementCount(shape) !== elementCount(value.shape) || shape.some((size) => size < 0))
    throw new CannotPlan(`[${value.shape}] as [${shape}]`);
  return viewed(building, value, viewOf(shape));
}

const reshape: Op = {
  emit: (_, [value, sizes], planning) => {
    if (value === undefined || sizes?.known === undefined) throw new CannotPlan('Reshape to computed sizes');
    const given = sizes.known.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
    return reshaped(
      value,
      sizes.known.map((size) => (size === -1 ? elementCount(value.shape) / given : size)),
      planning,
    );
  },
};

const expandDims: Op = {
  emit: (_, [value, axis], planning) => {
    if (value === undefined) throw new CannotPlan('ExpandDims of nothing');
    const at = axisOf(axis?.known?.[0], value.shape.length + 1);
    return reshaped(value, value.shape.toSpliced(at, 0, 1), planning);
  },
};

const squeeze: Op = {
  emit: (node, [value], planning) => {
    if (value === undefined) throw new CannotPlan('Squeeze of nothing');
    const { shape } = value;
    const named = [...integersOf(node, 'squeeze_dims'), ...integersOf(node, 'axis')];
    const axes = named.map((axis) => axisOf(axis, shape.length));
    const dropped = (size: number, axis: number) => size === 1 && (axes.length === 0 || axes.includes(axis));
    return reshaped(
      value,
      shape.filter((size, axis) => !dropped(size, axis)),
      planning,
    );
  },
};

const identity: Op = {
  emit: (_, [value]) => {
    if (value === undefined) throw new CannotPlan('Identity of nothing');
    return value;
  },
};

const identities: Op = { emit: (_, values) => values };

export const reshapeOps = {
  Reshape: reshape,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Identity: identity,
  IdentityN: identities,
  Snapshot: identity,
  StopGradient: identity,
  PreventGradient: identity,
} satisfies Record<string, Op>;
