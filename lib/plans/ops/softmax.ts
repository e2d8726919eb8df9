import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { countOf } from '../value.js';

const softmax: Op = {
  emit: (_, [value], planning) => {
    const columns = value?.shape[value.shape.length - 1];
    if (value === undefined || columns === undefined) throw new CannotPlan('Softmax of a scalar');
    const output = planning.take('FP32', value.shape);
    planning.call('softmax', planning.at(value), planning.at(output), countOf(value) / columns, columns);
    return output;
  },
};

export const softmaxOps = { Softmax: softmax } satisfies Record<string, Op>;
