import type { Tensor } from '../../core/tensor.js';

/** A weight as it lies in a file, before its numbers are read: matching needs just name and shape. */
export interface StoredWeight {
  /** With its path: `bidirectional/forward_lstm/lstm_cell/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
}

/** Reads the numbers of some weights: FP32, or INT32 where the file has integers. */
export type LoadWeights = (weights: readonly StoredWeight[]) => Promise<ReadonlyMap<StoredWeight, Tensor>>;
