import { type Datatype, elementCount } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { aligned, roomOf } from './arena.js';
import { CannotPlan } from './cannot-plan.js';
import type { Constants, WeightSpec } from './constants.js';
import { growTo, HeapTaken } from './heap.js';

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
  /** The weights that it is made of. */
  readonly sources: readonly string[];
}

/** Constants that are in the heap already, from their start on. */
export interface StoredConstants {
  readonly specs: ReadonlyMap<string, WeightSpec>;
  readonly packedAt: ReadonlyMap<string, Packed>;
  readonly bytes: number;
}

export interface PackingConstants extends Constants {
  readonly packedAt: ReadonlyMap<string, Packed>;
  /** Each weight that was asked for. */
  readonly specs: ReadonlyMap<string, WeightSpec>;
  /** From that byte on the heap is others': what would have to be made there is refused by HeapTaken. */
  fence(at: number): void;
  /** Lets all but small weights in JavaScript's memory go: what is not made of them by then can't be made any more. */
  forget(): void;
}

/** Where constants begin, in bytes from the heap's start. */
export const constantsStart = ({ heapBase }: Pick<Kernels, 'heapBase'>): number => aligned(heapBase);

const nothing: StoredConstants = { specs: new Map(), packedAt: new Map(), bytes: 0 };

/**
 * Constants that are made of weights as they are asked for, and where all of them lie.
 * @param weights by node, in memory of JavaScript's
 */
export function packingConstants(
  kernels: Kernels,
  weights: ReadonlyMap<string, Weight>,
  stored: StoredConstants = nothing,
): PackingConstants {
  const start = constantsStart(kernels);
  const packedAt = new Map(stored.packedAt);
  const specs = new Map(stored.specs);
  const kept = new Map(weights);
  let end = start + aligned(stored.bytes);
  let fence = Number.POSITIVE_INFINITY;
  const reach = (bytes: number): void => {
    if (bytes > fence) throw new HeapTaken('threads compute where a constant has to be made');
    growTo(kernels.memory, bytes);
  };
  const keptWeight = (node: string): Weight => {
    const weight = kept.get(node);
    if (weight === undefined) throw new CannotPlan(`the weight '${node}' is not kept`);
    return weight;
  };
  const write = ({ datatype, data }: Weight, at: number): void => {
    const words = new (datatype === 'FP32' ? Float32Array : Int32Array)(kernels.memory.buffer, at, data.length);
    words.set(data);
  };
  const made = (key: string, bytes: number): number | undefined => {
    const found = packedAt.get(key);
    if (found !== undefined && found.bytes !== bytes) throw new CannotPlan(`the constant '${key}' has another size`);
    return found?.offset;
  };
  /** It counts as there only when it is made: where the heap can't grow, a later plan tries again. */
  const make = (key: string, bytes: number, sources: readonly string[], fill: (at: number) => void): number => {
    reach(end + roomOf(bytes));
    fill(end);
    const offset = end - start;
    packedAt.set(key, { offset, bytes, sources });
    end += roomOf(bytes);
    return offset;
  };
  const specOf: Constants['weight'] = (node) => {
    const known = specs.get(node);
    if (known !== undefined) return known;
    const { datatype, shape, data } = keptWeight(node);
    const spec = { datatype, shape, known: data.length <= mostKnown ? [...data] : undefined };
    specs.set(node, spec);
    return spec;
  };
  return {
    start,
    end: () => end,
    bytes: () => end - start,
    packedAt,
    specs,
    weight: specOf,
    raw: (node) => {
      const key = `raw ${node}`;
      const bytes = 4 * elementCount(specOf(node).shape);
      return made(key, bytes) ?? make(key, bytes, [node], (at) => write(keptWeight(node), at));
    },
    packed: (key, floats, sources, pack) => {
      const found = made(key, 4 * floats);
      if (found !== undefined) return found;
      const taken = sources.map(keptWeight);
      const sizes = taken.map(({ shape }) => roomOf(4 * elementCount(shape)));
      // For all at once: where there is too little, nothing was written yet.
      reach(end + roomOf(4 * floats) + sizes.reduce((sum, size) => sum + size, 0));
      return make(key, 4 * floats, sources, (at) => {
        // The sources stand behind all constants for the moment, where the arena will be.
        let free = at + roomOf(4 * floats);
        const from = taken.map((weight, index) => {
          const place = free;
          free += sizes[index] as number;
          write(weight, place);
          return place;
        });
        pack(kernels, at, from);
      });
    },
    fence: (at) => {
      fence = at;
    },
    forget: () => {
      for (const [node, { data }] of kept) if (data.length > mostKnown) kept.delete(node);
    },
  };
}
