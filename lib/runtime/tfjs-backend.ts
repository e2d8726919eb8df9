import * as tf from '@tensorflow/tfjs-core';
import { elementCount } from '../core/tensor.js';

export type WeightType = 'float32' | 'int32' | 'bool';

/** A tensor whose memory is filled before it is used. */
export interface WeightMemory {
  readonly tensor: tf.Tensor;
  /** The memory as it is now: it may move whenever the backend makes something. */
  bytes(): Uint8Array;
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
   * Reserves room for weights before they are brought in.
   * @returns gives the room back
   * @throws MODEL_UNAVAILABLE when this many more bytes can't be held safely
   */
  admit(weightBytes: number): () => void;
  /** A tensor with nothing in it yet. To be called in a turn, with this backend the current one. */
  allocate(shape: readonly number[], dtype: WeightType): WeightMemory;
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

/** A backend whose kernels throw where they fail, and whose memory is the process's: nothing of it is ever condemned. */
export function steadyBackend(name: TfjsBackend['name'], start: () => Promise<void>): TfjsBackend {
  let opening: Promise<void> | undefined;
  return {
    name,
    mostWeights: Number.POSITIVE_INFINITY,
    memoryPerWeight: 1,
    generation: 0,
    open: () => {
      opening ??= start();
      return opening;
    },
    admit: () => () => undefined,
    allocate: (shape, dtype) => {
      const values = new arrays[dtype](elementCount(shape));
      return { tensor: tf.tensor(values, [...shape], dtype), bytes: () => new Uint8Array(values.buffer) };
    },
    fault: () => undefined,
    condemn: () => undefined,
  };
}
