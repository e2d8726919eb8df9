import type { Datatype } from '../core/tensor.js';
import type { KernelName } from '../kernels/kernels.js';

/** A tensor's place in the heap: FP32 as float32, INT32 and BOOL (0 or 1) as int32; row-major without gaps. */
export interface PlacedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Bytes from the heap's start. */
  readonly at: number;
}

export interface KernelCall {
  readonly kernel: KernelName;
  readonly args: readonly number[];
}

/**
 * How a model is computed for inputs of certain shapes: calls of kernels, one after the other, on places in the heap that are
 * settled. The heap, from its start: constants, which all plans of a model share; literals; the arena of intermediate tensors.
 */
export interface Plan {
  readonly inputs: readonly PlacedTensor[];
  readonly outputs: readonly PlacedTensor[];
  readonly calls: readonly KernelCall[];
  /** Sizes and strides that kernels read from the heap. */
  readonly literals: { readonly at: number; readonly words: Int32Array };
  /** Bytes that the heap must have. */
  readonly end: number;
}
