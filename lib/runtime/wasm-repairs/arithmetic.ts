import type * as tf from '@tensorflow/tfjs-core';
import { pairwise } from './moving.js';
import { ownKernel } from './own-kernel.js';
import type { Kernel } from './repair.js';

const dtypeOf = (call: Parameters<Kernel>[0], name = 'a'): tf.DataType => (call.inputs[name] as tf.TensorInfo).dtype;

/** TF.js divides whole numbers in float32, which is wrong from 2²⁴ on; TensorFlow raises for a divisor of 0. */
export const floorDiv =
  (original: Kernel): Kernel =>
  (call) => {
    if (dtypeOf(call) === 'float32') return original(call);
    return pairwise(call, 'int32', (a, b) => Math.floor(a / nonZero(b)));
  };

/** The remainder that has the divisor's sign, as TensorFlow's FloorMod; TF.js rounds a small one of the other sign away. */
export const mod = (): Kernel => (call) => {
  const dtype = dtypeOf(call);
  const remainder = (a: number, b: number): number => {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  };
  return pairwise(call, dtype, dtype === 'float32' ? remainder : (a, b) => remainder(a, nonZero(b)));
};

/** Whole numbers wrap in TensorFlow; TF.js computes them as floats. */
export const pow =
  (original: Kernel): Kernel =>
  (call) => {
    if (dtypeOf(call) === 'float32') return original(call);
    return pairwise(call, 'int32', (base, exponent) => {
      if (exponent < 0) throw new RangeError('Pow: a whole number to a negative power is no whole number');
      let [result, square] = [1, base];
      for (let rest = exponent; rest > 0; rest >>>= 1) {
        if (rest & 1) result = Math.imul(result, square);
        square = Math.imul(square, square);
      }
      return result;
    });
  };

/** TF.js takes what is nearer to 0 than about 1e-7 for 0. */
export const sign = (): Kernel => (call) => {
  const x = call.inputs.x as tf.TensorInfo;
  return ownKernel(
    call.backend,
    x.shape,
    x.dtype,
    [x],
    ([values]) =>
      (index) =>
        Math.sign(values?.[index] as number),
  );
};

/** TF.js reads whole numbers as floats. */
export const clipByValue =
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    if (x.dtype === 'float32') return original(call);
    const { clipValueMin, clipValueMax } = call.attrs as { clipValueMin: number; clipValueMax: number };
    return ownKernel(call.backend, x.shape, x.dtype, [x], ([values]) => (index) => {
      return Math.min(clipValueMax, Math.max(clipValueMin, values?.[index] as number));
    });
  };

/** Kernels that read and write float32 whatever they are given: past the end of a bool's memory, bits of an int32. */
export const floatOnly =
  (original: Kernel): Kernel =>
  (call) => {
    for (const [name, tensor] of Object.entries(call.inputs)) {
      if (tensor === undefined || tensor === null || tensor.dtype === 'float32') continue;
      throw new RangeError(`takes float32, and its input ${name} is ${tensor.dtype}`);
    }
    return original(call);
  };

function nonZero(divisor: number): number {
  if (divisor === 0) throw new RangeError('a whole number divided by 0');
  return divisor;
}
