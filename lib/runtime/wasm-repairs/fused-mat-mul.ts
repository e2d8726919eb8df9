import type * as tf from '@tensorflow/tfjs-core';
import { type Kernel, runKernel } from './repair.js';

const activations: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  prelu: 'Prelu',
  leakyrelu: 'LeakyRelu',
};

/**
 * TF.js' own is right for single matrices that are not transposed in front, with a bias for each column: it adds biases wrongly
 * in batches, and takes no others. Those are made of their parts.
 */
export const fusedMatMul =
  (original: Kernel): Kernel =>
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b, bias, preluActivationWeights: alpha } = inputs as Record<string, tf.TensorInfo>;
    const { transposeA, transposeB, leakyreluAlpha } = attrs;
    const columns = b?.shape.at(transposeB === true ? -2 : -1);
    const single = [a, b].every((matrix) => matrix?.shape.slice(0, -2).every((size) => size === 1));
    const plain = bias === undefined || bias === null || (bias.shape.length === 1 && bias.shape[0] === columns);
    if (single && plain && transposeA !== true) return original(call);
    const activation = String(attrs.activation ?? 'linear');
    const kernel = activations[activation];
    if (kernel === undefined && activation !== 'linear') throw new RangeError(`_FusedMatMul: what is '${activation}'?`);
    const parts = [runKernel(backend, 'BatchMatMul', { a, b }, { transposeA, transposeB })];
    try {
      if (bias !== undefined && bias !== null) parts.push(runKernel(backend, 'Add', { a: parts.at(-1), b: bias }));
      const x = parts.at(-1);
      if (kernel !== undefined) parts.push(runKernel(backend, kernel, { x, alpha }, { alpha: leakyreluAlpha }));
      return parts.pop() as tf.TensorInfo;
    } finally {
      for (const part of parts) backend.disposeData(part.dataId);
    }
  };
