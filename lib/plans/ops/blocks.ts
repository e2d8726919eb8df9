import { elementCount } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import type { Value } from '../value.js';
import { scalar } from './mapped.js';
import { reshaped } from './reshape.js';
import { assembled, broadcastTo, cut, permuted, viewed, viewOf } from './view.js';

/** Sizes of blocks, and numbers before and behind, for each axis behind the first that is cut into blocks. */
function blocksOf(block: Value | undefined, borders: Value | undefined) {
  if (block?.known === undefined || borders?.known === undefined) throw new CannotPlan('blocks of computed sizes');
  const { known } = borders;
  const ends = block.known.map((_, axis) => [known[2 * axis] as number, known[2 * axis + 1] as number] as const);
  return { block: block.known, ends, count: elementCount(block.known) };
}

const axesFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, axis) => first + axis);

/** [n, h, w, …] → [block · block · n, h / block, w / block, …]: pixels that a dilated window meets together become an image. */
const spaceToBatch: Op = {
  emit: (_, [value, sizes, paddings], planning) => {
    if (value === undefined) throw new CannotPlan('SpaceToBatchND of nothing');
    const { block, ends, count } = blocksOf(sizes, paddings);
    const [images = 1, ...rest] = value.shape;
    const wide = rest.map((size, axis) => size + (ends[axis]?.[0] ?? 0) + (ends[axis]?.[1] ?? 0));
    const shape = [images, ...wide];
    const inside = ends.reduce(
      (view, [before], axis) => cut(view, axis + 1, before, rest[axis] as number),
      viewOf(shape),
    );
    const background = scalar(value.datatype, 0);
    const isPadded = ends.some(([before, after]) => before + after > 0);
    const whole = isPadded
      ? assembled(planning, shape, [
          { value: background, from: broadcastTo(viewOf([]), shape), to: viewOf(shape) },
          { value, from: viewOf(value.shape), to: inside },
        ])
      : value;
    const cutUp = block.flatMap((size, axis) => [(wide[axis] as number) / size, size]);
    const { length } = block;
    const parts = viewOf([images, ...cutUp, ...wide.slice(length)]);
    const within = block.map((_, axis) => 2 * axis + 2);
    const between = block.map((_, axis) => 2 * axis + 1);
    const order = [...within, 0, ...between, ...axesFrom(2 * length + 1, wide.length - length)];
    const moved = viewed(planning, whole, permuted(parts, order));
    const fewer = wide.map((size, axis) => size / (block[axis] ?? 1));
    return reshaped(moved, [images * count, ...fewer], planning);
  },
};

/** The way back; what `crops` says is cut off then. */
const batchToSpace: Op = {
  emit: (_, [value, sizes, crops], planning) => {
    if (value === undefined) throw new CannotPlan('BatchToSpaceND of nothing');
    const { block, ends, count } = blocksOf(sizes, crops);
    const [all = 1, ...rest] = value.shape;
    const images = all / count;
    const { length } = block;
    const parts = viewOf([...block, images, ...rest]);
    const pairs = block.flatMap((_, axis) => [length + 1 + axis, axis]);
    const order = [length, ...pairs, ...axesFrom(2 * length + 1, rest.length - length)];
    const wide = rest.map((size, axis) => size * (block[axis] ?? 1));
    const whole = reshaped(viewed(planning, value, permuted(parts, order)), [images, ...wide], planning);
    const inside = ends.reduce(
      (view, [before, after], axis) => cut(view, axis + 1, before, (wide[axis] as number) - before - after),
      viewOf(whole.shape),
    );
    return viewed(planning, whole, inside);
  },
};

export const blockOps = { SpaceToBatchND: spaceToBatch, BatchToSpaceND: batchToSpace } satisfies Record<string, Op>;
