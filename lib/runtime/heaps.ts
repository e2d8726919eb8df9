import { createKernels, type Kernels } from '../kernels/kernels.js';

/** A heap that a model has left, for the next one: V8 does not count shared memory, and would keep it for long. */
export interface Heaps {
  /** @param bytes what the next model needs of it, about */
  take(bytes: number): Promise<Kernels>;
  /** To be called when nothing reads or writes it any more. */
  give(kernels: Kernels): void;
  /** Lets go of what was left: memory that nobody counts. */
  drop(): void;
}

/** A heap of no more bytes suits any model; a larger one would hold memory that a small model does not need. */
const small = 64 * 2 ** 20;

export function createHeaps(): Heaps {
  let free: Kernels | undefined;
  const sizeOf = ({ memory }: Kernels): number => memory.buffer.byteLength;
  return {
    take: async (bytes) => {
      const found = free;
      free = undefined;
      return found === undefined || sizeOf(found) > Math.max(small, 2 * bytes) ? createKernels() : found;
    },
    give: (kernels) => {
      if (free === undefined || sizeOf(free) < sizeOf(kernels)) free = kernels;
    },
    drop: () => {
      free = undefined;
    },
  };
}
