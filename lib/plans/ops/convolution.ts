import { CannotPlan } from '../cannot-plan.js';
import type { Constants } from '../constants.js';
import type { Op } from '../op.js';
import type { PlanNode } from '../plan-graph.js';
import { pitches } from '../value.js';
import { fusedOf } from './activation.js';
import { packedProduct } from './packed-product.js';
import { corner, windowOf } from './window.js';

const kernelSize = (constants: Constants, node: PlanNode): readonly [number, number] => {
  const [height = 0, width = 0] = constants.weight(node.input[1] ?? '').shape;
  return [height, width];
};

const convolution: Op = {
  emit: (node, [image, kernel, ...rest], planning) => {
    if (image === undefined || kernel?.weight === undefined) throw new CannotPlan(`${node.op} with a computed kernel`);
    const [height, width, channels, columns] = kernel.shape as [number, number, number, number];
    if (channels !== image.shape[3]) throw new CannotPlan(`${node.op} in groups`);
    const { stride, dilation, padding, size } = windowOf(node, image.shape, [height, width]);
    if (dilation[0] !== 1 || dilation[1] !== 1) throw new CannotPlan(`${node.op} with dilation`);
    const images = image.shape[0] as number;
    const shape = [images, ...size, columns];
    const fused = fusedOf(node, [image, kernel, ...rest]);
    const behind = planning.epilogue(node, shape, {
      bias: fused.bias === undefined,
      residual: fused.clamp === undefined,
    });
    const bias = fused.bias ?? behind.bias;
    const [low, high] = fused.clamp ?? [behind.low, behind.high];
    const padded = planning.padded(image, padding);
    const output = planning.output(node, shape);
    const from = pitches(padded);
    const to = pitches(output);
    planning.call(
      'conv2d',
      corner(planning.place(padded), padded),
      packedProduct(planning, kernel.weight, bias, height * width * channels, columns),
      planning.place(output),
      behind.residual === undefined ? 0 : planning.at(behind.residual),
      ...[images, ...size, channels, height, width, ...stride, from.row, from.image],
      ...[columns, to.row, to.image, columns, low, high],
    );
    return output;
  },
  wants: (node, shape, constants) => windowOf(node, shape, kernelSize(constants, node)).padding,
};

export const convolutionOps = { Conv2D: convolution, _FusedConv2D: convolution } satisfies Record<string, Op>;
