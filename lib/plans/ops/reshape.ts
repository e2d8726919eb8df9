import { elementCount } from '../../core/tensor.js';
import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import type { Value } from '../value.js';

/** The same numbers in another shape, where they are. */
export function reshaped(value: Value, shape: readonly number[], building: Building): Value {
  if (elementCount(shape) !== elementCount(value.shape)) throw new CannotPlan(`[${value.shape}] as [${shape}]`);
  const { datatype, known } = value;
  return known === undefined ? { datatype, shape, address: building.at(value) } : { datatype, shape, known };
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

const identity: Op = {
  emit: (_, [value]) => {
    if (value === undefined) throw new CannotPlan('Identity of nothing');
    return value;
  },
};

export const shapeOps = { Reshape: reshape, Identity: identity } satisfies Record<string, Op>;
