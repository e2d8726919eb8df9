import type { Building } from '../building.js';
import type { Address } from '../value.js';

/** A kernel [depth, columns] in column panels of eight, each with its part of the bias, as conv2d reads it. */
export function packedProduct(
  building: Building,
  kernel: string,
  bias: string | undefined,
  depth: number,
  columns: number,
): Address {
  const floats = Math.ceil(columns / 8) * 8 * (depth + 1);
  const sources = bias === undefined ? [kernel] : [kernel, bias];
  return building.packed(`product ${sources.join(' ')}`, floats, sources, (kernels, to, [weights = 0, added = 0]) => {
    kernels.pack(weights, added, to, depth, columns);
  });
}
