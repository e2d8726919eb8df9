import { elementCount } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { mostKnown } from '../packing-constants.js';
import { numberOf } from '../plan-graph.js';
import { countOf, type Value } from '../value.js';
import { axisOf } from './axes.js';
import { cast } from './cast.js';
import { combined, mapped } from './mapped.js';
import { reshaped } from './reshape.js';
import { permuted, viewed, viewOf } from './view.js';

/** Rows of a table by index: [height, …rest] at [n] → [n, …rest]. */
function rows(planning: Planning, table: Value, index: Value): Value {
  const [height = 0, ...rest] = table.shape;
  const [width, count] = [elementCount(rest), countOf(index)];
  const shape = [...index.shape, ...rest];
  const { known } = index;
  if (known?.some((at) => at < 0 || at >= height)) throw new CannotPlan('an index outside of its table');
  if (known !== undefined && table.known !== undefined && width * count <= mostKnown) {
    const numbers = known.flatMap((at) => table.known?.slice(at * width, (at + 1) * width) ?? []);
    return { datatype: table.datatype, shape, known: numbers };
  }
  const output = planning.take(table.datatype, shape);
  planning.call('gather', planning.at(table), planning.at(index), planning.at(output), height, width, count);
  return output;
}

const gather: Op = {
  emit: (node, [table, index, axes], planning) => {
    if (table === undefined || index?.datatype !== 'INT32' || numberOf(node, 'batch_dims') !== 0)
      throw new CannotPlan(`${node.op} in batches`);
    const rank = table.shape.length;
    const axis = axes === undefined ? 0 : axisOf(axes.known?.[0], rank);
    const before = Array.from({ length: axis }, (_, at) => at);
    if (before.every((at) => table.shape[at] === 1)) {
      const found = rows(planning, reshaped(table, table.shape.slice(axis), planning), index);
      return reshaped(found, [...before.map(() => 1), ...found.shape], planning);
    }
    // The axis goes to the front, and what comes of it back behind those that were before it.
    const behind = Array.from({ length: rank - axis - 1 }, (_, at) => axis + 1 + at);
    const turned = viewed(planning, table, permuted(viewOf(table.shape), [axis, ...before, ...behind]));
    const found = rows(planning, turned, index);
    const wide = index.shape.length;
    const order = [
      ...before.map((at) => wide + at),
      ...index.shape.map((_, at) => at),
      ...behind.map((at) => wide + at - 1),
    ];
    return viewed(planning, found, permuted(viewOf(found.shape), order));
  },
};

/** `on` at each index, `off` beside it: an index is compared with 0, 1, … along a new axis of `depth`. */
const oneHot: Op = {
  emit: (node, [index, depth, on, off], planning) => {
    const [size, yes, no] = [depth, on, off].map((value) => value?.known?.[0]);
    if (index?.datatype !== 'INT32' || size === undefined || yes === undefined || no === undefined)
      throw new CannotPlan(`${node.op} of computed size`);
    const rank = index.shape.length;
    const axis = axisOf(numberOf(node, 'axis', -1), rank + 1);
    const thin = reshaped(index, index.shape.toSpliced(axis, 0, 1), planning);
    const places: Value = {
      datatype: 'INT32',
      shape: [size, ...new Array<number>(rank - axis).fill(1)],
      known: Array.from({ length: size }, (_, at) => at),
    };
    const hit = combined(planning, [thin, places], 'intEqual', 'BOOL');
    const datatype = (on as Value).datatype;
    if (yes === 1 && no === 0) return cast(planning, hit, datatype);
    if (datatype !== 'FP32' || !Number.isFinite(yes - no)) throw new CannotPlan(`${node.op} with ${yes} and ${no}`);
    return mapped(planning, cast(planning, hit, 'FP32'), { kind: 'affine', parameters: [yes - no, no] });
  },
};

export const gatherOps = { Gather: gather, GatherV2: gather, OneHot: oneHot } satisfies Record<string, Op>;
