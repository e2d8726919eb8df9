import * as tf from '@tensorflow/tfjs-core';
import { elementCount } from '../core/tensor.js';
import { reserved } from './reserved.js';
import type { WeightMemory } from './weights.js';

export type WeightType = 'float32' | 'int32' | 'bool';

/** Bytes of a model's weights: those that may give way to a packed copy, the largest of these, and all others. */
export interface WeightBytes {
  readonly packed: number;
  readonly largest: number;
  readonly other: number;
}

export interface TensorMemory extends WeightMemory {
  readonly tensor: tf.Tensor;
}

/** What the TF.js engine needs to know of a backend beyond TF.js' own interface: when it can't be trusted. */
export interface TfjsBackend {
  readonly name: 'wasm' | 'tensorflow' | 'cpu';
  /** As `Engine` says them. */
  readonly mostWeights: number;
  readonly memoryPerWeight: number;
  /** Makes it ready, and TF.js' current backend; a new one where the last was condemned. Not within a turn: it takes one itself. */
  open(): Promise<void>;
  /**
   * Reserves memory for weights before they are brought in.
   * @param memory bytes that all models together may take
   * @returns gives it back
   * @throws MODEL_UNAVAILABLE when this much more can't be held safely
   */
  admit(needs: WeightBytes, memory: number): () => void;
  /**
   * A tensor with nothing in it yet. To be called in a turn, with this backend the current one.
   * @param givesWay it may be freed once a product has packed it
   */
  allocate(shape: readonly number[], dtype: WeightType, givesWay: boolean): TensorMemory;
  /**
   * Why nothing that the backend holds can be trusted any more, or undefined. Asked after each predict, before its result is
   * believed, with what the predict threw: some failures throw, some only show here.
   */
  fault(thrown: unknown): string | undefined;
  /** Gives the backend up with all that it holds; `open` then starts afresh. */
  condemn(): void;
  /** Grows by one with each `open` after a `condemn`: models of an earlier generation are gone. */
  readonly generation: number;
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const satisfies Record<
  WeightType,
  unknown
>;

/**
 * libtensorflow reads memory that is aligned to 64 bytes where it is, and copies any other; what the C library gives for a large
 * array begins 16 bytes after a multiple of that.
 */
const lead = 48;

/** A backend whose kernels throw where they fail, and whose memory is the process's: nothing of it is ever condemned. */
export function steadyBackend(name: TfjsBackend['name'], start: () => Promise<void>): TfjsBackend {
  let opening: Promise<void> | undefined;
  const room = reserved();
  return {
    name,
    mostWeights: Number.POSITIVE_INFINITY,
    memoryPerWeight: 1,
    generation: 0,
    open: () => {
      opening ??= start();
      return opening;
    },
    // TensorFlow and plain JavaScript read weights where they are.
    admit: ({ packed, other }, memory) => room.take(packed + other, memory),
    allocate: (shape, dtype) => {
      const count = elementCount(shape);
      const size = count * arrays[dtype].BYTES_PER_ELEMENT;
      const values = new arrays[dtype](new ArrayBuffer(lead + size), lead, count);
      const bytes = new Uint8Array(values.buffer, lead, size);
      const tensor = tf.tensor(values, [...shape], dtype);
      return { tensor, bytes: () => bytes, dispose: () => tensor.dispose() };
    },
    fault: () => undefined,
    condemn: () => undefined,
  };
}
