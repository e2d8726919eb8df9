import { CannotPlan } from '../cannot-plan.js';
import { knownWeight } from '../constants.js';
import type { Op } from '../op.js';
import { type PlanNode, textOf } from '../plan-graph.js';
import { noPadding, type Padding } from '../value.js';
import { joined } from './join.js';
import { scalar } from './mapped.js';
import { assembled, broadcastTo, cut, reversed, viewed, viewOf } from './view.js';
import { corner } from './window.js';

/** Numbers before and behind, an axis each. */
type Borders = readonly (readonly [before: number, after: number])[];

function bordersOf(node: PlanNode, known: readonly number[] | undefined, rank: number): Borders {
  if (known === undefined) throw new CannotPlan(`${node.op} by computed numbers`);
  const borders = Array.from(
    { length: rank },
    (_, axis) => [known[2 * axis] as number, known[2 * axis + 1] as number] as const,
  );
  if (borders.some(([before, after]) => before < 0 || after < 0)) throw new CannotPlan(`${node.op} by less than 0`);
  return borders;
}

/** What of a rank's axes is padded as an image is: rows and columns. */
function imagePadding(borders: Borders, fill: number): Padding | undefined {
  const [images = [0, 0], [top, bottom] = [0, 0], [left, right] = [0, 0], channels = [0, 0]] = borders;
  const others = [...images, ...channels];
  return borders.length === 4 && others.every((size) => size === 0) ? { top, left, bottom, right, fill } : undefined;
}

const padding: Op = {
  emit: (node, [value, numbers, number], planning) => {
    if (value === undefined) throw new CannotPlan(`${node.op} of nothing`);
    const background = number ?? scalar(value.datatype, 0);
    const borders = bordersOf(node, numbers?.known, value.shape.length);
    const shape = value.shape.map((size, axis) => size + (borders[axis]?.[0] ?? 0) + (borders[axis]?.[1] ?? 0));
    const fill = value.datatype === 'FP32' && value.known === undefined ? background.known?.[0] : undefined;
    const image = fill === undefined ? undefined : imagePadding(borders, fill);
    if (image !== undefined) {
      const padded = planning.padded(value, image);
      return { datatype: 'FP32', shape, address: corner(planning.place(padded), padded) };
    }
    const inside = borders.reduce(
      (view, [before], axis) => cut(view, axis, before, value.shape[axis] as number),
      viewOf(shape),
    );
    return assembled(planning, shape, [
      { value: background, from: broadcastTo(viewOf(background.shape), shape), to: viewOf(shape) },
      { value, from: viewOf(value.shape), to: inside },
    ]);
  },
  // Whoever makes the image writes it into its border then.
  wants: (node, shape, constants) => {
    const [, numbers = '', number] = node.input;
    const known = knownWeight(constants, numbers)?.known;
    const fill = number === undefined ? 0 : knownWeight(constants, number)?.known?.[0];
    if (known === undefined || fill === undefined) return noPadding;
    return imagePadding(bordersOf(node, known, shape.length), fill) ?? noPadding;
  },
};

/** `REFLECT` leaves out the number at the edge, `SYMMETRIC` takes it twice. */
const mirror: Op = {
  emit: (node, [value, numbers], planning) => {
    if (value === undefined) throw new CannotPlan(`${node.op} of nothing`);
    const skipped = textOf(node, 'mode') === 'REFLECT' ? 1 : 0;
    const borders = bordersOf(node, numbers?.known, value.shape.length);
    return borders.reduce((inner, [before, after], axis) => {
      if (before + after === 0) return inner;
      const view = reversed(viewOf(inner.shape), axis);
      const size = inner.shape[axis] as number;
      if (Math.max(before, after) > size - skipped) throw new CannotPlan(`${node.op} by more than there is`);
      const parts = [
        cut(view, axis, size - skipped - before, before),
        viewOf(inner.shape),
        cut(view, axis, skipped, after),
      ].filter(({ shape }) => shape[axis] !== 0);
      return joined(
        planning,
        parts.map((part) => viewed(planning, inner, part)),
        axis,
      );
    }, value);
  },
};

export const padOps = { Pad: padding, PadV2: padding, MirrorPad: mirror } satisfies Record<string, Op>;
