import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { numberOf, type PlanNode, textOf } from '../plan-graph.js';
import type { Value } from '../value.js';
import { axisOf } from './axes.js';
import { reshaped } from './reshape.js';
import { broadcastTo, permuted, repeated, reversed, type View, viewed, viewOf } from './view.js';

/** Ops that show a tensor's numbers in another order, or several times. */
const rearranged = (view: (node: PlanNode, from: View, numbers: readonly number[], value: Value) => View): Op => ({
  emit: (node, [value, numbers], planning) => {
    if (value === undefined || numbers?.known === undefined) throw new CannotPlan(`${node.op} by computed numbers`);
    return viewed(planning, value, view(node, viewOf(value.shape), numbers.known, value));
  },
});

const transpose = rearranged((node, from, given) => {
  const axes = given.map((axis) => axisOf(axis, from.shape.length));
  if (new Set(axes).size !== from.shape.length) throw new CannotPlan(`${node.op} of [${from.shape}] by ${given}`);
  return permuted(from, axes);
});

const reverse = rearranged((_, from, axes) =>
  axes.reduce((view, axis) => reversed(view, axisOf(axis, from.shape.length)), from),
);

const broadcastOp = rearranged((_, from, shape) => broadcastTo(from, shape));

/** [2, 3] two times along its first axis: [2 repeats, 2, 3], which is [4, 3]. */
const tile: Op = {
  emit: (node, [value, times], planning) => {
    if (value === undefined || times?.known === undefined) throw new CannotPlan(`${node.op} by computed numbers`);
    const { shape } = value;
    const { known } = times;
    if (known.length !== shape.length) throw new CannotPlan(`${node.op} of [${shape}] by ${known}`);
    const view = known.reduce((from, size, axis) => repeated(from, 2 * axis, size), viewOf(shape));
    const whole = shape.map((size, axis) => size * (known[axis] ?? 1));
    return reshaped(viewed(planning, value, view), whole, planning);
  },
};

/** Blocks of `block_size` × `block_size` pixels, which lie one behind the other in the channels. */
const depthToSpace: Op = {
  emit: (node, [value], planning) => {
    if (value?.shape.length !== 4 || !['', 'NHWC'].includes(textOf(node, 'data_format')))
      throw new CannotPlan(`${node.op} with channels first`);
    const block = numberOf(node, 'block_size');
    const [images, height, width, channels] = value.shape as [number, number, number, number];
    const parts = viewOf([images, height, width, block, block, channels / block ** 2]);
    const moved = viewed(planning, value, permuted(parts, [0, 1, 3, 2, 4, 5]));
    return reshaped(moved, [images, height * block, width * block, channels / block ** 2], planning);
  },
};

export const rearrangeOps = {
  Transpose: transpose,
  ReverseV2: reverse,
  BroadcastTo: broadcastOp,
  Tile: tile,
  DepthToSpace: depthToSpace,
} satisfies Record<string, Op>;
