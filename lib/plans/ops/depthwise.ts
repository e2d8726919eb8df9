import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import { knownWeight } from '../constants.js';
import type { Op } from '../op.js';
import { type Address, noPadding, pitches, type Value } from '../value.js';
import { behindFused, fusedOf } from './activation.js';
import { kernelSize } from './convolution.js';
import { reshaped } from './reshape.js';
import { repeated, viewed, viewOf } from './view.js';
import { sceneOf, windowOf } from './window.js';
import { withActivation } from './with-activation.js';

/** A kernel [height, width, channels, multiplier]: output channel c · multiplier + m is made of input channel c alone. */
const depthwise: Op = {
  emit: (node, inputs, planning) => {
    const [image, kernel] = inputs;
    if (image === undefined || kernel?.weight === undefined) throw new CannotPlan(`${node.op} with a computed kernel`);
    const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number];
    const window = windowOf(node, image.shape, [height, width]);
    if (channels !== image.shape[3]) throw new CannotPlan(`${node.op} of other channels`);
    const columns = channels * multiplier;
    const shape = [image.shape[0] as number, ...window.size, columns];
    const { bias, low, high } = behindFused(node, shape, fusedOf(node, inputs), planning, false);
    const scene = sceneOf(planning, multiplier === 1 ? image : eachTimes(planning, image, multiplier), window.padding);
    const output = planning.output(node, shape);
    const to = pitches(output);
    planning.call(
      'depthwise',
      scene.from,
      packedDepthwise(planning, kernel.weight, bias, height * width, columns),
      planning.place(output),
      ...[...shape.slice(0, 3), columns, height, width, ...window.stride, ...window.dilation],
      ...[scene.row, scene.image, to.row, to.image, low, high],
    );
    return output;
  },
  wants: (node, shape, constants) => {
    const size = kernelSize(constants, node);
    const isSingle = knownWeight(constants, node.input[1] ?? '')?.shape[3] === 1;
    return size === undefined || !isSingle ? noPadding : windowOf(node, shape, size).padding;
  },
};

/** Each channel as often as it has kernels, one beside the other. */
function eachTimes(building: Building, image: Value, times: number): Value {
  const [images, height, width, channels] = image.shape as [number, number, number, number];
  const all = viewed(building, image, repeated(viewOf(image.shape), 4, times));
  return reshaped(all, [images, height, width, channels * times], building);
}

/** As the kernel reads it: four channels at a time, each with its part of the bias. */
function packedDepthwise(
  building: Building,
  kernel: string,
  bias: string | undefined,
  taps: number,
  channels: number,
): Address {
  const sources = bias === undefined ? [kernel] : [kernel, bias];
  const floats = Math.ceil(channels / 4) * 4 * (taps + 1);
  return building.packed(`depthwise ${sources.join(' ')}`, floats, sources, (kernels, to, [weights = 0, added = 0]) => {
    kernels.pack_depthwise(weights, added, to, taps, channels);
  });
}

export const depthwiseOps = {
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: withActivation(depthwise),
} satisfies Record<string, Op>;
