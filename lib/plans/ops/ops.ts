import type { Op } from '../op.js';
import { arithmeticOps } from './arithmetic.js';
import { convolutionOps } from './convolution.js';
import { poolingOps } from './pooling.js';
import { productOps } from './product.js';
import { shapeOps } from './reshape.js';
import { softmaxOps } from './softmax.js';
import { unaryOps } from './unary.js';

/** By TensorFlow's names. */
export const ops: ReadonlyMap<string, Op> = new Map(
  Object.entries({
    ...arithmeticOps,
    ...convolutionOps,
    ...poolingOps,
    ...productOps,
    ...shapeOps,
    ...softmaxOps,
    ...unaryOps,
  }),
);
