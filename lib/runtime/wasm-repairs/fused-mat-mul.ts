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

/** TF.js takes a bias of one dimension only, and reads past it where it is shorter than a row. Others are added afterwards. */
export const fusedMatMul =
  (original: Kernel): Kernel =>
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b, bias, preluActivationWeights: alpha } = inputs as Record<string, tf.TensorInfo>;
    const columns = b?.shape.at(attrs.transposeB === true ? -2 : -1);
    const plain = bias === undefined || bias === null || (bias.shape.length === 1 && bias.shape[0] === columns);
    if (plain) return original(call);
    const { transposeA, transposeB, leakyreluAlpha } = attrs;
    const product = runKernel(backend, 'BatchMatMul', { a, b }, { transposeA, transposeB });
    const sum = runKernel(backend, 'Add', { a: product, b: bias });
    backend.disposeData(product.dataId);
    if ((attrs.activation ?? 'linear') === 'linear') return sum;
    const kernel = activations[String(attrs.activation)];
    if (kernel === undefined) throw new RangeError(`_FusedMatMul: activation '${attrs.activation}' is not known`);
    const result = runKernel(backend, kernel, { x: sum, alpha }, { alpha: leakyreluAlpha });
    backend.disposeData(sum.dataId);
    return result;
  };
