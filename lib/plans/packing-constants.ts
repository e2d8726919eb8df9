import { type Datatype, elementCount } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { aligned, roomOf } from './arena.js';
import { CannotPlan } from './cannot-plan.js';
import type { Constants, WeightSpec } from './constants.js';
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

export interface PackingConstants extends Constants {
  readonly packedAt: ReadonlyMap<string, Packed>;
  /** Each weight that was asked for. */
  readonly specs: ReadonlyMap<string, WeightSpec>;
  /** Lets all but small weights in JavaScript's memory go: what is not made of them by then can't be made any more. */
  forget(): void;
}

/**
 * Constants that are made of weights as they are asked for, and where all of them lie.
 * @param weights by node, in memory of JavaScript's
 */
export function packingConstants(kernels: Kernels, weights: ReadonlyMap<string, Weight>): PackingConstants {
  const start = aligned(kernels.heapBase);
  const packedAt = new Map<string, Packed>();
  const specs = new Map<string, WeightSpec>();
  const kept = new Map(weights);
  let end = start;
  const keptWeight = (node: string): Weight => {
    const weight = kept.get(node);
    if (weight === undefined) throw new CannotPlan(`the weight '${node}' is not kept`);
    return weight;
  };
  const write = ({ datatype, data }: Weight, at: number): void => {
    const words = new (datatype === 'FP32' ? Float32Array : Int32Array)(kernels.memory.buffer, at, data.length);
    words.set(data);
  };
  /** It counts as there only when it is made: where the heap can't grow, a later plan tries again. */
  const make = (key: string, bytes: number, fill: (at: number) => void): number => {
    growTo(kernels.memory, end + roomOf(bytes));
    fill(end);
    const offset = end - start;
    packedAt.set(key, { offset, bytes });
    end += roomOf(bytes);
    return offset;
  };
  return {
    start,
    end: () => end,
    packedAt,
    specs,
    weight: (node) => {
      const known = specs.get(node);
      if (known !== undefined) return known;
      const { datatype, shape, data } = keptWeight(node);
      const spec = { datatype, shape, known: data.length <= mostKnown ? [...data] : undefined };
      specs.set(node, spec);
      return spec;
    },
    raw: (node) => {
      const key = `raw ${node}`;
      const found = packedAt.get(key);
      if (found !== undefined) return found.offset;
      const weight = keptWeight(node);
      return make(key, 4 * weight.data.length, (at) => write(weight, at));
    },
    packed: (key, floats, sources, pack) => {
      const found = packedAt.get(key);
      if (found !== undefined) return found.offset;
      const taken = sources.map(keptWeight);
      return make(key, 4 * floats, (at) => {
        // The sources stand behind all constants for the moment, where the arena will be.
        let free = at + roomOf(4 * floats);
        const from = taken.map((weight) => {
          const place = free;
          free += roomOf(4 * elementCount(weight.shape));
          growTo(kernels.memory, free);
          write(weight, place);
          return place;
        });
        pack(kernels, at, from);
      });
    },
    forget: () => {
      for (const [node, { data }] of kept) if (data.length > mostKnown) kept.delete(node);
    },
  };
}
