import type { Start } from './start.js';
import type { Variant } from './variants.js';

/** All starts of one variant. */
export interface Measured extends Omit<Variant, 'start'> {
  readonly starts: readonly Start[];
}

/**
 * Starts the variants in turns, each time afresh, after one turn that counts for nothing: it brings the files into the
 * memory of the machine, as they are after the first start on a machine of Lambda's.
 */
export async function measureStarts(
  variants: readonly Variant[],
  rounds: number,
  onProgress: (share: number) => void,
): Promise<Measured[]> {
  const measured = variants.map((variant) => ({ ...variant, starts: [] as Start[] }));
  for (let round = -1; round < rounds; round++) {
    for (const [index, { start, starts }] of measured.entries()) {
      const one = await start();
      if (round >= 0) starts.push(one);
      onProgress((round + 1 + (index + 1) / measured.length) / (rounds + 1));
    }
  }
  return measured;
}
