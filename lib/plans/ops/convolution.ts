import { CannotPlan } from '../cannot-plan.js';
import { type Constants, knownWeight } from '../constants.js';
import type { Op, Planning } from '../op.js';
import type { PlanNode } from '../plan-graph.js';
import { type Address, noPadding, pitches, type Value } from '../value.js';
import { behindFused, fusedOf } from './activation.js';
import { bandsOf } from './bands.js';
import { packedProduct } from './packed-product.js';
import { further, type Scene, sceneOf, type Window, windowOf } from './window.js';
import { suitsWinograd, winograd } from './winograd.js';
import { withActivation } from './with-activation.js';

/** A convolution when all about it is known. */
export interface Convolution {
  readonly scene: Scene;
  readonly window: Window;
  /** The weight [height, width, channels, columns]. */
  readonly weight: string;
  readonly channels: number;
  readonly bias: string | undefined;
  /** What is added, of the output's shape and with its border. */
  readonly residual: Address | undefined;
  readonly output: Value;
  readonly low: number;
  readonly high: number;
}

const convolution: Op = {
  emit: (node, inputs, planning) => {
    const [image, kernel] = inputs;
    if (image === undefined || kernel?.weight === undefined) throw new CannotPlan(`${node.op} with a computed kernel`);
    const [height, width, channels, columns] = kernel.shape as [number, number, number, number];
    const window = windowOf(node, image.shape, [height, width]);
    if (channels !== image.shape[3]) throw new CannotPlan(`${node.op} in groups`);
    const shape = [image.shape[0] as number, ...window.size, columns];
    const { bias, residual, low, high } = behindFused(node, shape, fusedOf(node, inputs), planning, true);
    const scene = sceneOf(planning, image, window.padding);
    const output = planning.output(node, shape);
    const added = residual && planning.place(planning.padded(residual, output.padding ?? noPadding));
    const { weight } = kernel;
    const job = { scene, window, weight, channels, bias, residual: added, output, low, high };
    if (suitsWinograd(window, channels, columns)) winograd(planning, job);
    else if (Math.max(...window.dilation) > 1) dilated(planning, job);
    else direct(planning, job);
    return output;
  },
  wants: (node, shape, constants) => {
    const size = kernelSize(constants, node);
    return size === undefined ? noPadding : windowOf(node, shape, size).padding;
  },
};

export function kernelSize(constants: Constants, node: PlanNode): readonly [number, number] | undefined {
  const [height, width] = knownWeight(constants, node.input[1] ?? '')?.shape ?? [];
  return height === undefined || width === undefined ? undefined : [height, width];
}

function direct(
  planning: Planning,
  { scene, window, weight, channels, bias, residual, output, low, high }: Convolution,
) {
  const [images, height, width, columns] = output.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth] = window.kernel;
  const to = pitches(output);
  planning.call(
    'conv2d',
    scene.from,
    packedProduct(planning, weight, bias, kernelHeight * kernelWidth * channels, columns),
    planning.place(output),
    residual ?? 0,
    ...[images, height, width, channels, kernelHeight, kernelWidth, ...window.stride, scene.row, scene.image],
    ...[columns, to.row, to.image, columns, low, high],
  );
}

/** Bytes of windows that are written out at once. */
const patchBytes = 2 ** 18;

/** With gaps in its window: each is written out as a row, some at a time. */
function dilated(
  planning: Planning,
  { scene, window, weight, channels, bias, residual, output, low, high }: Convolution,
) {
  const [images, height, width, columns] = output.shape as [number, number, number, number];
  const { kernel, stride, dilation } = window;
  const depth = kernel[0] * kernel[1] * channels;
  const product = packedProduct(planning, weight, bias, depth, columns);
  const to = pitches(output);
  for (const band of bandsOf(images, height, 1, Math.floor(patchBytes / (4 * width * depth)))) {
    const out = band.image * to.image + band.row * to.row;
    const rows = planning.scratch(band.images * band.rows * width * depth);
    planning.call(
      'patches',
      further(scene.from, band.image * scene.image + band.row * stride[0] * scene.row),
      rows,
      ...[band.images, band.rows, width, channels, ...kernel, ...stride, ...dilation, scene.row, scene.image],
    );
    planning.call(
      'conv2d',
      rows,
      product,
      further(planning.place(output), out),
      residual === undefined ? 0 : further(residual, out),
      ...[band.images, band.rows, width, depth, 1, 1, 1, 1, width * depth, band.rows * width * depth],
      ...[columns, to.row, to.image, columns, low, high],
    );
  }
}

export const convolutionOps = {
  Conv2D: convolution,
  _FusedConv2D: withActivation(convolution),
} satisfies Record<string, Op>;
