import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { countOf } from '../value.js';
import { combined, mapped } from './mapped.js';
import { reduced } from './reduce.js';

const softmax: Op = {
  emit: (_, [value], planning) => {
    const columns = value?.shape[value.shape.length - 1];
    if (value === undefined || columns === undefined) throw new CannotPlan('Softmax of a scalar');
    const output = planning.take('FP32', value.shape);
    planning.call('softmax', planning.at(value), planning.at(output), countOf(value) / columns, columns);
    return output;
  },
};

/** x − max − ln Σ e^(x − max) */
const logSoftmax: Op = {
  emit: (_, [value], planning) => {
    if (value === undefined || value.shape.length === 0) throw new CannotPlan('LogSoftmax of a scalar');
    const last = [value.shape.length - 1];
    const lowered = combined(planning, [value, reduced(planning, value, last, 'most', true)], 'sub');
    const powers = mapped(planning, lowered, { kind: 'exp' });
    const logarithm = mapped(planning, reduced(planning, powers, last, 'sum', true), { kind: 'log' });
    return combined(planning, [lowered, logarithm], 'sub');
  },
};

export const softmaxOps = { Softmax: softmax, LogSoftmax: logSoftmax } satisfies Record<string, Op>;
