import { beginningHead, type Chain } from '../batch/chain.js';
import type { Place } from '../batch/record.js';

/** Records of an upload that make one part of the results, whoever works on them. */
export interface Chunk {
  /** From 0, in the input's order. */
  readonly number: number;
  readonly start: Place;
  /** Index behind its last record. */
  readonly end: number;
}

/** The chain of a chunk's parts: beside all others in the job's folder, and like each of them of this run. @param start of the job */
export function chunkChain(start: Chain, { number, start: next }: Chunk): Chain {
  return { ...start, run: `${start.run}.${String(number).padStart(6, '0')}`, head: { ...beginningHead, next } };
}

export const chunksKey = ({ folder, run }: Chain): string => `${folder}${run}.chunks.json`;
export const planKey = ({ folder, run }: Chain): string => `${folder}${run}.plan.json`;
