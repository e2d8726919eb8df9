import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

export interface KernelCall {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: BackendWasm;
}

export type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/**
 * Puts our kernel in the place of one of TF.js' wasm kernels.
 * @param make gets TF.js' own, for the cases that it does right
 */
export function repair(kernelName: string, make: (original: Kernel) => Kernel): void {
  const config = tf.getKernel(kernelName, 'wasm');
  const original = config.kernelFunc as unknown as Kernel;
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ ...config, kernelFunc: make(original) as unknown as tf.KernelFunc });
}

/** A tensor's numbers as they lie in the wasm heap; the view is good until the heap next grows. */
export const heapOf = (backend: BackendWasm, tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array =>
  backend.typedArrayFromHeap(tensor) as Float32Array | Int32Array | Uint8Array;

/** Another kernel's result, for kernels that are made of others; whoever asks for it frees it. */
export function runKernel(
  backend: BackendWasm,
  name: string,
  inputs: Readonly<Record<string, tf.TensorInfo | undefined>>,
  attrs: KernelCall['attrs'] = {},
): tf.TensorInfo {
  const kernel = tf.getKernel(name, 'wasm').kernelFunc as unknown as Kernel;
  return kernel({ inputs: inputs as KernelCall['inputs'], attrs, backend }) as tf.TensorInfo;
}
