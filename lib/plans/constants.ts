import type { Datatype } from '../core/tensor.js';
import type { Kernels } from '../kernels/kernels.js';
import { CannotPlan } from './cannot-plan.js';

/** Weights as kernels read them, at fixed places in the heap which all plans of a model share. */
export interface Constants {
  /** Bytes from the heap's start to where they start and, once everything is packed, end. */
  readonly start: number;
  end(): number;
  /** What all of them take, wherever a plan's own part of the heap begins. */
  bytes(): number;
  weight(node: string): WeightSpec;
  /** Bytes from the constants' start to the weight as it is. */
  raw(node: string): number;
  /**
   * Bytes from the constants' start to something made of weights, once however often it is asked for.
   * @param key what is made
   * @param floats how large it is
   * @param pack makes it, from where the sources stand for the moment; both in bytes from the heap's start
   */
  packed(key: string, floats: number, sources: readonly string[], pack: Pack): number;
}

export type Pack = (kernels: Kernels, to: number, from: readonly number[]) => void;

export interface WeightSpec {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** The numbers of a small weight: axes, sizes, ends of ranges. */
  readonly known?: readonly number[] | undefined;
}

/** A node's weight; none where the node computes something. */
export function knownWeight(constants: Constants, node: string): WeightSpec | undefined {
  try {
    return constants.weight(node);
  } catch (error) {
    if (error instanceof CannotPlan) return undefined;
    throw error;
  }
}
