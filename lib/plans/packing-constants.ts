import { type Datatype, elementCount } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { aligned, roomOf } from './arena.js';
import { CannotPlan } from './cannot-plan.js';
import type { Constants } from './constants.js';
import { growTo } from './heap.js';

export interface Weight {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Weights of no more elements may say sizes and axes, which planning reads. */
export const mostKnown = 64;

/** Where something lies among the constants, in bytes from their start. */
export interface Packed {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Constants that are made of weights as they are asked for, and where all of them lie.
 * @param weights by node, in memory of JavaScript's
 */
export function packingConstants(
  kernels: Kernels,
  weights: ReadonlyMap<string, Weight>,
): Constants & { readonly packedAt: ReadonlyMap<string, Packed> } {
  const start = aligned(kernels.heapBase);
  const packedAt = new Map<string, Packed>();
  let end = start;
  const weightOf = (node: string): Weight => {
    const weight = weights.get(node);
    if (weight === undefined) throw new CannotPlan(`there is no weight '${node}'`);
    return weight;
  };
  const take = (key: string, bytes: number): number => {
    const offset = end - start;
    packedAt.set(key, { offset, bytes });
    end += roomOf(bytes);
    growTo(kernels.memory, end);
    return offset;
  };
  const write = ({ datatype, data }: Weight, at: number): void => {
    const words = new (datatype === 'FP32' ? Float32Array : Int32Array)(kernels.memory.buffer, at, data.length);
    words.set(data);
  };
  return {
    start,
    end: () => end,
    packedAt,
    weight: (node) => {
      const { datatype, shape, data } = weightOf(node);
      return { datatype, shape, known: data.length <= mostKnown ? [...data] : undefined };
    },
    raw: (node) => {
      const found = packedAt.get(`raw ${node}`);
      if (found !== undefined) return found.offset;
      const weight = weightOf(node);
      const offset = take(`raw ${node}`, 4 * weight.data.length);
      write(weight, start + offset);
      return offset;
    },
    packed: (key, floats, sources, pack) => {
      const found = packedAt.get(key);
      if (found !== undefined) return found.offset;
      const offset = take(key, 4 * floats);
      // The sources stand behind all constants for the moment, where the arena will be.
      let free = end;
      const from = sources.map((node) => {
        const weight = weightOf(node);
        const at = free;
        free += roomOf(4 * elementCount(weight.shape));
        growTo(kernels.memory, free);
        write(weight, at);
        return at;
      });
      pack(kernels, start + offset, from);
      return offset;
    },
  };
}
