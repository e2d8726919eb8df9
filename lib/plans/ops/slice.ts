import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { numberOf, type PlanNode } from '../plan-graph.js';
import type { Value } from '../value.js';
import { axisOf } from './axes.js';
import { reshaped } from './reshape.js';
import { cut, type View, viewed, viewOf } from './view.js';

const numbersOf = (node: PlanNode, value: Value | undefined): readonly number[] => {
  if (value?.known === undefined) throw new CannotPlan(`${node.op} at computed places`);
  return value.known;
};

const sourceOf = (node: PlanNode, value: Value | undefined): Value => {
  if (value === undefined) throw new CannotPlan(`${node.op} of nothing`);
  return value;
};

/** @throws CannotPlan for what reaches beyond the axis */
function cutInside(view: View, axis: number, start: number, size: number): View {
  const length = view.shape[axis] as number;
  if (!Number.isInteger(size) || start < 0 || size < 0 || start + size > length)
    throw new CannotPlan(`${start} to ${start + size} of ${length}`);
  return cut(view, axis, start, size);
}

const slice: Op = {
  emit: (node, [given, begin, size], planning) => {
    const value = sourceOf(node, given);
    const starts = numbersOf(node, begin);
    if (starts.length !== value.shape.length) throw new CannotPlan(`${node.op} of [${value.shape}] at ${starts}`);
    const view = numbersOf(node, size).reduce((from, wanted, axis) => {
      const start = starts[axis] as number;
      return cutInside(from, axis, start, wanted === -1 ? (value.shape[axis] as number) - start : wanted);
    }, viewOf(value.shape));
    return viewed(planning, value, view);
  },
};

/**
 * `x[1:, ::-1, None, ..., 0]`: TensorFlow's strided_slice, where the bits of five masks say what an entry means. Outside of what
 * there is, ends are moved in, as Python does.
 */
const stridedSlice: Op = {
  emit: (node, [given, begin, end, strides], planning) => {
    const value = sourceOf(node, given);
    const [starts, ends, steps] = [numbersOf(node, begin), numbersOf(node, end), numbersOf(node, strides)];
    const has = (mask: string, entry: number): boolean => ((numberOf(node, mask) >> entry) & 1) === 1;
    const entries = starts.map((_, entry) => entry);
    const taken = entries.filter((entry) => !has('new_axis_mask', entry) && !has('ellipsis_mask', entry)).length;
    let view = viewOf(value.shape);
    const shape: number[] = [];
    let axis = 0;
    const keep = (count: number): void => {
      for (; count > 0; count--) shape.push(view.shape[axis++] as number);
    };
    for (const entry of entries) {
      if (has('ellipsis_mask', entry)) {
        keep(value.shape.length - taken);
      } else if (has('new_axis_mask', entry)) {
        shape.push(1);
      } else {
        const length = value.shape[axis];
        const step = steps[entry] as number;
        if (length === undefined) throw new CannotPlan(`${node.op} with ${taken} entries of [${value.shape}]`);
        if (has('shrink_axis_mask', entry)) {
          view = cut(view, axis, axisOf(starts[entry], length), 1);
          axis++;
          continue;
        }
        const from = has('begin_mask', entry) ? undefined : starts[entry];
        const to = has('end_mask', entry) ? undefined : ends[entry];
        const { start, size } = rangeOf(length, from, to, step);
        view = cut(view, axis++, start, size, step);
        shape.push(size);
      }
    }
    keep(value.shape.length - axis);
    return reshaped(viewed(planning, value, view), shape, planning);
  },
};

/** Python's `from:to:step` over an axis. */
function rangeOf(length: number, from: number | undefined, to: number | undefined, step: number) {
  const least = step > 0 ? 0 : -1;
  const most = step > 0 ? length : length - 1;
  const inside = (index: number): number => Math.min(Math.max(index < 0 ? index + length : index, least), most);
  const start = from === undefined ? (step > 0 ? least : most) : inside(from);
  const end = to === undefined ? (step > 0 ? most : least) : inside(to);
  return { start, size: Math.max(0, Math.ceil((end - start) / step)) };
}

const parts = (node: PlanNode, value: Value, axis: number, sizes: readonly number[]): View[] => {
  let start = 0;
  const views = sizes.map((size) => {
    const view = cutInside(viewOf(value.shape), axis, start, size);
    start += size;
    return view;
  });
  if (start !== value.shape[axis]) throw new CannotPlan(`${node.op} of ${value.shape[axis]} into ${sizes}`);
  return views;
};

const split: Op = {
  emit: (node, [axes, given], planning) => {
    const value = sourceOf(node, given);
    const axis = axisOf(numbersOf(node, axes)[0], value.shape.length);
    const count = numberOf(node, 'num_split');
    const sizes = new Array<number>(count).fill((value.shape[axis] as number) / count);
    return parts(node, value, axis, sizes).map((view) => viewed(planning, value, view));
  },
};

const splitAt: Op = {
  emit: (node, [given, sizes, axes], planning) => {
    const value = sourceOf(node, given);
    const axis = axisOf(numbersOf(node, axes)[0], value.shape.length);
    const wanted = numbersOf(node, sizes);
    const rest = wanted.reduce((left, size) => left - Math.max(0, size), value.shape[axis] as number);
    const all = wanted.map((size) => (size === -1 ? rest : size));
    return parts(node, value, axis, all).map((view) => viewed(planning, value, view));
  },
};

const unpack: Op = {
  emit: (node, [given], planning) => {
    const value = sourceOf(node, given);
    const axis = axisOf(numberOf(node, 'axis'), value.shape.length);
    const sizes = new Array<number>(value.shape[axis] as number).fill(1);
    return parts(node, value, axis, sizes).map((view) =>
      reshaped(viewed(planning, value, view), value.shape.toSpliced(axis, 1), planning),
    );
  },
};

export const sliceOps = {
  Slice: slice,
  StridedSlice: stridedSlice,
  Split: split,
  SplitV: splitAt,
  Unpack: unpack,
} satisfies Record<string, Op>;
