import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type * as tf from '@tensorflow/tfjs-core';
import type { Kernel } from './repair.js';

/** Data of weights which nothing reads but one product, and that one the same way each time (`packed-weights.ts`). */
const single = new WeakSet<object>();
/** Those that were freed. */
const packed = new WeakSet<object>();

export function mayGiveWay(dataId: object): void {
  single.add(dataId);
}

/**
 * Bytes to ask for where such a weight goes, so that the packed copy of the next one fits where this one was: XNNPACK packs groups
 * of 8 columns, each with its bias, and reads a little beyond.
 */
export function packedBytes([rows = 1, columns = 1]: readonly number[]): number {
  return 4 * 8 * Math.ceil(columns / 8) * (4 * Math.ceil(rows / 4) + 1) + 256;
}

/** The parts of TF.js' wasm backend that its types hide. */
interface Memory {
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number } };
  readonly wasm: { _free(offset: number): void };
}

/**
 * A product of single matrices runs on XNNPACK, which packs a copy of the weights at the first call (batch_mat_mul_impl.cc of
 * tfjs-backend-wasm caches its operator by weights, bias and activation) and never reads the original again: that is freed here.
 */
export const givingWay =
  (original: Kernel): Kernel =>
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (!single.has(b.dataId)) return original(call);
    const isSingle = ({ shape }: tf.TensorInfo) => shape.slice(0, -2).every((size) => size === 1);
    const packs = isSingle(a) && isSingle(b) && attrs.transposeA !== true && attrs.transposeB !== true;
    if (packed.has(b.dataId)) {
      // A graph for which TensorFlow itself has no such product; it would read memory that is not the weight's any more.
      if (!packs) throw new RangeError('a product of more than two matrices with a weight of one');
      return original(call);
    }
    const out = original(call);
    if (packs) {
      packed.add(b.dataId);
      free(backend, b.dataId);
    }
    return out;
  };

function free(backend: BackendWasm, dataId: object): void {
  const { dataIdMap, wasm } = backend as unknown as Memory;
  const data = dataIdMap.get(dataId);
  wasm._free(data.memoryOffset);
  // Freed again with its tensor, which does nothing at 0.
  data.memoryOffset = 0;
}
