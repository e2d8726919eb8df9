import type * as tf from '@tensorflow/tfjs-core';
import { elementCount } from '../core/tensor.js';
import { binary16 } from '../core/wire-half-floats.js';

/** Bytes an element, as tensors and as files hold it. */
const sizes: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };
const storedSizes: Readonly<Record<string, number>> = { float16: 2, uint16: 2, uint8: 1 };

/** Bytes of a weight in its file; undefined for a kind that no model of ours has. */
export function storedBytes({ dtype, shape, quantization }: tf.io.WeightsManifestEntry): number | undefined {
  const size = sizes[dtype];
  const stored = quantization === undefined ? size : storedSizes[quantization.dtype];
  return size === undefined || stored === undefined || stored > size ? undefined : stored * elementCount(shape);
}

/**
 * Makes numbers of quantized ones where they are: those lie at the end of the memory that the numbers take in the end, and are
 * read from front to back just before something is written over them. As TF.js does it: value · scale + min; float16 by itself.
 * @param memory of the tensor, aligned to its elements
 */
export function dequantize(memory: Uint8Array, { dtype, quantization }: tf.io.WeightsManifestEntry): void {
  if (quantization === undefined) return;
  const { buffer, byteOffset, byteLength } = memory;
  const count = byteLength / 4;
  const values =
    dtype === 'int32' ? new Int32Array(buffer, byteOffset, count) : new Float32Array(buffer, byteOffset, count);
  const start = byteOffset + byteLength - count * (storedSizes[quantization.dtype] as number);
  const stored =
    quantization.dtype === 'uint8' ? new Uint8Array(buffer, start, count) : new Uint16Array(buffer, start, count);
  if (quantization.dtype === 'float16') {
    const numbers = halfNumbers();
    for (let index = 0; index < count; index++) values[index] = numbers[stored[index] as number] as number;
    return;
  }
  const { scale = 1, min = 0 } = quantization;
  const round = dtype === 'int32' ? Math.round : (value: number) => value;
  for (let index = 0; index < count; index++) values[index] = round((stored[index] as number) * scale + min);
}

let halves: Float32Array | undefined;

/** The number of each of the 65,536 patterns of a float16. */
function halfNumbers(): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => binary16.fromBits(bits));
  return halves;
}
