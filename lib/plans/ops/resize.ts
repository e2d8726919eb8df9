import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { flagOf, type PlanNode } from '../plan-graph.js';
import { pitches, type Value } from '../value.js';

/** How many pixels each way there are, and will be; where an output pixel's place is in the input, as TensorFlow counts. */
interface Axis {
  readonly length: number;
  readonly size: number;
  readonly at: (index: number) => number;
}

const axesOf = (node: PlanNode, image: Value, sizes: Value | undefined, middle: number): readonly [Axis, Axis] => {
  const [height, width] = sizes?.known ?? [];
  if (image.shape.length !== 4 || height === undefined || width === undefined)
    throw new CannotPlan(`${node.op} to a computed size`);
  const aligned = flagOf(node, 'align_corners');
  const half = flagOf(node, 'half_pixel_centers');
  const axis = (length: number, size: number): Axis => {
    const scale = aligned && size > 1 ? (length - 1) / (size - 1) : length / size;
    return { length, size, at: (index) => (half ? (index + 0.5) * scale - middle : index * scale) };
  };
  return [axis(image.shape[1] as number, height), axis(image.shape[2] as number, width)];
};

const indicesOf = ({ size }: Axis): number[] => Array.from({ length: size }, (_, index) => index);

/** Between two neighbours each way. */
const bilinear: Op = {
  emit: (node, [image, sizes], planning) => {
    if (image?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of ${image?.datatype}`);
    const [down, along] = axesOf(node, image, sizes, 0.5);
    const [images, , , channels] = image.shape as [number, number, number, number];
    const { row, image: pitch } = pitches(image);
    const output = planning.take('FP32', [images, down.size, along.size, channels]);
    const neighbours = (axis: Axis, step: number) =>
      planning.integers(
        indicesOf(axis).flatMap((index) => {
          const at = axis.at(index);
          return [Math.max(0, Math.floor(at)) * step, Math.min(axis.length - 1, Math.ceil(at)) * step];
        }),
      );
    const shares = (axis: Axis) => {
      const known = indicesOf(axis).map((index) => axis.at(index) - Math.max(0, Math.floor(axis.at(index))));
      return planning.place({ datatype: 'FP32', shape: [axis.size], known });
    };
    planning.call(
      'resize',
      planning.place(image),
      planning.place(output),
      ...[images, pitch, down.size, along.size, channels],
      ...[neighbours(down, row), shares(down), neighbours(along, channels), shares(along)],
    );
    return output;
  },
};

const nearest: Op = {
  emit: (node, [image, sizes], planning) => {
    if (image === undefined) throw new CannotPlan(`${node.op} of nothing`);
    const [down, along] = axesOf(node, image, sizes, 0);
    const [images, , , channels] = image.shape as [number, number, number, number];
    const { row, image: pitch } = pitches(image);
    const output = planning.take(image.datatype, [images, down.size, along.size, channels]);
    const round = flagOf(node, 'align_corners') ? Math.round : Math.floor;
    const places = (axis: Axis, step: number) =>
      planning.integers(indicesOf(axis).map((index) => Math.min(axis.length - 1, round(axis.at(index))) * step));
    planning.call(
      'resize_nearest',
      planning.place(image),
      planning.place(output),
      ...[images, pitch, down.size, along.size, channels, places(down, row), places(along, channels)],
    );
    return output;
  },
};

export const resizeOps = { ResizeBilinear: bilinear, ResizeNearestNeighbor: nearest } satisfies Record<string, Op>;
