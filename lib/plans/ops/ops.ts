import type { Op } from '../op.js';
import { arithmeticOps } from './arithmetic.js';
import { blockOps } from './blocks.js';
import { castOps } from './cast.js';
import { chooseOps } from './choose.js';
import { convolutionOps } from './convolution.js';
import { depthwiseOps } from './depthwise.js';
import { gatherOps } from './gather.js';
import { joinOps } from './join.js';
import { normalizationOps } from './normalization.js';
import { padOps } from './pad.js';
import { poolingOps } from './pooling.js';
import { productOps } from './product.js';
import { rearrangeOps } from './rearrange.js';
import { recurrentOps } from './recurrent.js';
import { reduceOps } from './reduce.js';
import { reshapeOps } from './reshape.js';
import { resizeOps } from './resize.js';
import { sizeOps } from './sizes.js';
import { sliceOps } from './slice.js';
import { softmaxOps } from './softmax.js';
import { transposedConvolutionOps } from './transposed-convolution.js';
import { unaryOps } from './unary.js';

/** By TensorFlow's names. */
export const ops: ReadonlyMap<string, Op> = new Map(
  Object.entries({
    ...arithmeticOps,
    ...convolutionOps,
    ...depthwiseOps,
    ...transposedConvolutionOps,
    ...poolingOps,
    ...normalizationOps,
    ...resizeOps,
    ...blockOps,
    ...productOps,
    ...softmaxOps,
    ...castOps,
    ...chooseOps,
    ...gatherOps,
    ...joinOps,
    ...padOps,
    ...rearrangeOps,
    ...recurrentOps,
    ...reduceOps,
    ...reshapeOps,
    ...sizeOps,
    ...sliceOps,
    ...unaryOps,
  }),
);
