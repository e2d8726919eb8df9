import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { integersOf, type PlanNode } from '../plan-graph.js';
import { pitches } from '../value.js';
import { sceneOf, windowOf } from './window.js';

const windowSize = (node: PlanNode): readonly [number, number] => {
  const [batch = 1, height = 1, width = 1, channels = 1] = integersOf(node, 'ksize');
  if (batch !== 1 || channels !== 1) throw new CannotPlan(`${node.op} over batch or channels`);
  return [height, width];
};

const maximum: Op = {
  emit: (node, [image], planning) => {
    if (image?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of ${image?.datatype}`);
    const { kernel, stride, padding, size } = windowOf(node, image.shape, windowSize(node), Number.NEGATIVE_INFINITY);
    const { from, row, image: pitch } = sceneOf(planning, image, padding);
    const [images, , , channels] = image.shape as [number, number, number, number];
    const output = planning.output(node, [images, ...size, channels]);
    const to = pitches(output);
    planning.call(
      'max_pool',
      from,
      planning.place(output),
      ...[images, ...size, channels, ...kernel, ...stride, row, pitch, to.row, to.image],
    );
    return output;
  },
  wants: (node, shape) => windowOf(node, shape, windowSize(node), Number.NEGATIVE_INFINITY).padding,
};

const mean: Op = {
  emit: (node, [image], planning) => {
    if (image?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of ${image?.datatype}`);
    const { kernel, stride, padding, size } = windowOf(node, image.shape, windowSize(node));
    const [images, height, width, channels] = image.shape as [number, number, number, number];
    const output = planning.output(node, [images, ...size, channels]);
    const to = pitches(output);
    planning.call(
      'mean_pool',
      planning.at(image),
      planning.place(output),
      ...[images, height, width, ...size, channels, ...kernel, ...stride, padding.top, padding.left, to.row, to.image],
    );
    return output;
  },
};

export const poolingOps = { MaxPool: maximum, AvgPool: mean } satisfies Record<string, Op>;
