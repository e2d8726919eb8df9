import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import { integersOf, type PlanNode, textOf } from '../plan-graph.js';
import { type Address, covers, type Padding, pitches, type Value } from '../value.js';

/** How a window goes over an image, as convolutions and poolings say it. */
export interface Window {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [y: number, x: number];
  readonly dilation: readonly [y: number, x: number];
  readonly padding: Padding;
  /** Height and width of what comes out. */
  readonly size: readonly [height: number, width: number];
}

/**
 * @param shape [images, height, width, channels]
 * @throws CannotPlan for images with channels first, and windows over batches or channels
 */
export function windowOf(
  node: PlanNode,
  shape: readonly number[],
  kernel: readonly [number, number],
  fill = 0,
): Window {
  const format = textOf(node, 'data_format');
  if (shape.length !== 4 || (format !== '' && format !== 'NHWC')) throw new CannotPlan(`${node.op} on ${format}`);
  const [, height, width] = shape as [number, number, number];
  const stride = inner(node, 'strides');
  const dilation = inner(node, 'dilations');
  const explicit = integersOf(node, 'explicit_paddings');
  const along = (axis: 0 | 1): readonly [before: number, after: number, size: number] => {
    const length = axis === 0 ? height : width;
    const reach = (kernel[axis] - 1) * dilation[axis] + 1;
    const [before, after] = borders(textOf(node, 'padding'), length, reach, stride[axis], explicit.slice(2 + 2 * axis));
    const size = Math.floor((length + before + after - reach) / stride[axis]) + 1;
    if (size < 1) throw new CannotPlan(`${node.op} over an image that is smaller than its window`);
    return [before, after, size];
  };
  const [top, bottom, outHeight] = along(0);
  const [left, right, outWidth] = along(1);
  return { kernel, stride, dilation, padding: { top, left, bottom, right, fill }, size: [outHeight, outWidth] };
}

/** TensorFlow's paddings: with SAME there are ⌈length / stride⌉ outputs, and an odd border is larger behind. */
function borders(kind: string, length: number, reach: number, stride: number, explicit: readonly number[]) {
  if (kind === 'VALID') return [0, 0] as const;
  if (kind === 'EXPLICIT') return [explicit[0] ?? 0, explicit[1] ?? 0] as const;
  if (kind !== 'SAME') throw new CannotPlan(`padding ${kind}`);
  const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  return [Math.floor(all / 2), Math.ceil(all / 2)] as const;
}

function inner(node: PlanNode, name: string): readonly [number, number] {
  const [batch = 1, y = 1, x = 1, channels = 1] = integersOf(node, name);
  if (batch !== 1 || channels !== 1) throw new CannotPlan(`${node.op} with ${name} over batch or channels`);
  return [y, x];
}

/** An image as windows read it: where the first begins, and floats from one row and one image to the next. */
export interface Scene {
  readonly from: Address;
  readonly row: number;
  readonly image: number;
}

/** The image with that border, where it is if it has as much, or more. */
export function sceneOf(building: Building, value: Value, padding: Padding): Scene {
  const image = covers(value.padding, padding) ? value : building.padded(value, padding);
  const { area, offset } = building.place(image);
  const { row, image: whole } = pitches(image);
  const before = padding.top * row + padding.left * (image.shape[3] as number);
  return { from: { area, offset: offset - 4 * before }, row, image: whole };
}

/** Floats on from an address. */
export const further = ({ area, offset }: Address, floats: number): Address => ({ area, offset: offset + 4 * floats });

/** Where the border of a padded image begins. */
export function corner({ area, offset }: Address, value: Value): Address {
  const { top = 0, left = 0 } = value.padding ?? {};
  return { area, offset: offset - 4 * (top * pitches(value).row + left * (value.shape[3] as number)) };
}
