import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { flagOf, numberOf, textOf } from '../plan-graph.js';
import { pitches } from '../value.js';

/** What of trained numbers is one factor and one shift for each channel: a depthwise convolution with a window of one pixel. */
const batchNorm: Op = {
  emit: (node, [image, ...trained], planning) => {
    const weights = trained.slice(0, 4).map(({ weight }) => weight);
    const [scale, offset, mean, variance] = weights;
    const format = textOf(node, 'data_format');
    if (image?.shape.length !== 4 || (format !== '' && format !== 'NHWC'))
      throw new CannotPlan(`${node.op} on ${format}`);
    if (scale === undefined || offset === undefined || mean === undefined || variance === undefined)
      throw new CannotPlan(`${node.op} by computed numbers`);
    const [images, height, width, channels] = image.shape as [number, number, number, number];
    const isTraining = flagOf(node, 'is_training') || trained.slice(0, 4).some(({ shape }) => shape[0] !== channels);
    if (isTraining) throw new CannotPlan(`${node.op} in training`);
    const { low, high } = planning.epilogue(node, image.shape, { bias: false, residual: false });
    const epsilon = numberOf(node, 'epsilon', 1e-3);
    const sources = [scale, offset, mean, variance];
    const packed = planning.packed(
      `normalization ${epsilon} ${sources.join(' ')}`,
      Math.ceil(channels / 4) * 8,
      sources,
      (kernels, to, from) => {
        const [scales, offsets, means, variances] = from.map(
          (at) => new Float32Array(kernels.memory.buffer, at, channels),
        ) as [Float32Array, Float32Array, Float32Array, Float32Array];
        for (let channel = 0; channel < channels; channel++) {
          const factor = (scales[channel] as number) / Math.sqrt((variances[channel] as number) + epsilon);
          scales[channel] = factor;
          offsets[channel] = (offsets[channel] as number) - (means[channel] as number) * factor;
        }
        kernels.pack_depthwise(scales.byteOffset, offsets.byteOffset, to, 1, channels);
      },
    );
    const output = planning.output(node, image.shape);
    const [from, to] = [pitches(image), pitches(output)];
    planning.call(
      'depthwise',
      planning.place(image),
      packed,
      planning.place(output),
      ...[images, height, width, channels, 1, 1, 1, 1, 1, 1, from.row, from.image, to.row, to.image, low, high],
    );
    return output;
  },
};

export const normalizationOps = {
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
} satisfies Record<string, Op>;
