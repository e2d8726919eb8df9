import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type * as tf from '@tensorflow/tfjs-core';
import type { WasmModule } from '../wasm-module.js';
import { isNaNBits, magnitudeBits } from './largest-magnitude.js';
import { pairwise } from './moving.js';
import { ownKernel } from './own-kernel.js';
import type { Kernel } from './repair.js';

// NaN has no place in a minimum or maximum of XNNPACK's, so kernels that clamp turn it into one of their limits: a made-up number
// that no check of the output can tell. Here NaN stays NaN, or the request is refused.

/** What runExamples and clients see is INFERENCE_FAILED with this message. */
const overflowed = 'NaN, Infinity or a number over 1.8e19 came up inside the network for this input; scale the input';

const limit = magnitudeBits(2 ** 64);

function largest(backend: BackendWasm, tensor: tf.TensorInfo): number {
  const { memoryOffset, shape } = backend.dataIdMap.get(tensor.dataId);
  const count = shape.reduce((size, axis) => size * axis, 1);
  return (backend.wasm as unknown as WasmModule).largestMagnitude(memoryOffset >>> 0, count);
}

/**
 * Convolutions, products with a fused activation, and averages: they clamp whatever they compute, also between −Infinity and
 * Infinity. What could overflow or is NaN already is refused before; the limit is that of a model's inputs.
 */
export const refusing =
  (input: string) =>
  (original: Kernel): Kernel =>
  (call) => {
    if (largest(call.backend, call.inputs[input] as tf.TensorInfo) > limit) throw new RangeError(overflowed);
    return original(call);
  };

const hasNaN = (backend: BackendWasm, tensor: tf.TensorInfo): boolean =>
  tensor.dtype === 'float32' && isNaNBits(largest(backend, tensor));

/**
 * NaN has no place in an order: ArgMax, ArgMin and TopK would answer with some index, MaxPool with another number. Infinity has
 * one; images are padded with it.
 */
export const ordering =
  (original: Kernel): Kernel =>
  (call) => {
    if (hasNaN(call.backend, call.inputs.x as tf.TensorInfo)) throw new RangeError(overflowed);
    return original(call);
  };

/** Relu6 and ClipByValue. */
export const clamping =
  (limits: (attrs: Readonly<Record<string, unknown>>) => readonly [number, number]) =>
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    if (!hasNaN(call.backend, x)) return original(call);
    const [low, high] = limits(call.attrs);
    return ownKernel(call.backend, x.shape, x.dtype, [x], ([values]) => (index) => {
      return Math.min(high, Math.max(low, values?.[index] as number));
    });
  };

/** Maximum and Minimum. */
export const choosing =
  (choose: (a: number, b: number) => number) =>
  (original: Kernel): Kernel =>
  (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (!hasNaN(call.backend, a) && !hasNaN(call.backend, b)) return original(call);
    return pairwise(call, 'float32', choose);
  };
