import { elementCount } from '../../core/tensor.js';
import { CannotPlan } from '../cannot-plan.js';
import { unclamped } from '../epilogue.js';
import type { Op } from '../op.js';
import { pitches } from '../value.js';
import { bandsOf } from './bands.js';
import { packedProduct } from './packed-product.js';
import { further, windowOf } from './window.js';

/** Bytes of patches that wait to be added up. */
const patchBytes = 2 ** 20;

/**
 * The gradient of a convolution: each pixel times the kernel [height, width, columns, channels] is a patch of the output, whose
 * window over the output gives the input's size.
 */
const transposed: Op = {
  emit: (node, [sizes, kernel, image], planning) => {
    if (image?.shape.length !== 4 || sizes?.known?.length !== 4 || kernel?.weight === undefined)
      throw new CannotPlan(`${node.op} to a computed size, or with a computed kernel`);
    const [kernelHeight, kernelWidth, columns, channels] = kernel.shape as [number, number, number, number];
    const [images, height, width] = image.shape as [number, number, number];
    const shape = [...sizes.known];
    const { size, stride, dilation, padding } = windowOf(node, shape, [kernelHeight, kernelWidth]);
    const fits = size[0] === height && size[1] === width && shape[0] === images && shape[3] === columns;
    if (!fits || channels !== image.shape[3]) throw new CannotPlan(`${node.op} of [${image.shape}] to [${shape}]`);
    if (Math.max(...dilation) > 1) throw new CannotPlan(`${node.op} with dilation`);
    const { bias, low, high } = planning.epilogue(node, shape, { bias: true, residual: false });
    const patch = kernelHeight * kernelWidth * columns;
    const product = packedProduct(planning, kernel.weight, undefined, channels, patch, true);
    const shift = bias === undefined ? 0 : planning.place({ datatype: 'FP32', shape: [columns], weight: bias });
    const output = planning.output(node, shape);
    const [from, to] = [planning.at(image), pitches(output)];
    for (const band of bandsOf(images, 1, 1, Math.floor(patchBytes / (4 * height * width * patch)))) {
      const rows = band.images * height * width;
      const patches = planning.scratch(rows * patch);
      planning.call(
        'conv2d',
        further(from, band.image * elementCount([height, width, channels])),
        product,
        patches,
        0,
        ...[1, 1, rows, channels, 1, 1, 1, 1, rows * channels, 0, patch, rows * patch, 0, patch, ...unclamped],
      );
      planning.call(
        'overlap_add',
        patches,
        shift,
        further(planning.place(output), band.image * to.image),
        ...[band.images, height, width, columns, kernelHeight, kernelWidth, ...stride, padding.top, padding.left],
        ...[shape[1] as number, shape[2] as number, to.row, to.image, low, high],
      );
    }
    return output;
  },
};

export const transposedConvolutionOps = { Conv2DBackpropInput: transposed } satisfies Record<string, Op>;
