import type { Engine } from './engine.js';

const MiB = 2 ** 20;

/** Node.js, code and activations, beside the weights. */
const baseline = 160 * MiB;

/**
 * Bytes of weights that a function keeps, all versions together.
 * @param megabytes of the function's memory, as Lambda tells it; without it what the engine can hold
 */
export function weightBudget(
  { mostWeights, memoryPerWeight }: Pick<Engine, 'mostWeights' | 'memoryPerWeight'>,
  megabytes: number | undefined,
): number {
  if (megabytes === undefined) return mostWeights;
  return Math.min(mostWeights, Math.max(0, megabytes * MiB - baseline) / memoryPerWeight);
}

/** The least memory of a function that keeps so many bytes of weights, in MB as Lambda counts them. */
export function memoryFor(bytes: number, { memoryPerWeight }: Pick<Engine, 'memoryPerWeight'>): number {
  return Math.ceil((bytes * memoryPerWeight + baseline) / MiB);
}
