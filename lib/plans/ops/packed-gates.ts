import type { Building } from '../building.js';
import type { Address } from '../value.js';

export interface Gates {
  /** Rows of the kernel, and those that the packed one has: zeros make up the rest. */
  readonly depth: number;
  readonly paddedDepth: number;
  readonly units: number;
  /** What each gate is padded to. */
  readonly width: number;
  readonly gates: number;
  /** Of a bias with two rows, the one that counts: 0 or 1. */
  readonly biasRow: number;
  /** The gates that are packed. */
  readonly taken: readonly [from: number, to: number];
}

/** A kernel [depth, gates · units] of a recurrent layer in conv2d's panels (see packed-product.ts), each gate padded to `width`. */
export function packedGates(building: Building, kernel: string, bias: string | undefined, sizes: Gates): Address {
  const { depth, paddedDepth, units, width, gates, biasRow, taken } = sizes;
  const [from, to] = taken;
  const columns = (to - from) * width;
  const panels = Math.ceil(columns / 8);
  const panel = 8 * (paddedDepth + 1);
  const sources = bias === undefined ? [kernel] : [kernel, bias];
  const key = `gates ${from}–${to} ${paddedDepth}×${width} bias ${biasRow} ${sources.join(' ')}`;
  return building.packed(key, panels * panel, sources, ({ memory }, target, [weights = 0, added = 0]) => {
    const packed = new Float32Array(memory.buffer, target, panels * panel).fill(0);
    const matrix = new Float32Array(memory.buffer, weights, depth * gates * units);
    const row = new Float32Array(
      memory.buffer,
      added + 4 * biasRow * gates * units,
      bias === undefined ? 0 : gates * units,
    );
    for (let gate = from; gate < to; gate++)
      for (let unit = 0; unit < units; unit++) {
        const column = (gate - from) * width + unit;
        const at = Math.floor(column / 8) * panel + (column % 8);
        const source = gate * units + unit;
        packed[at] = row[source] ?? 0;
        for (let k = 0; k < depth; k++) packed[at + 8 * (k + 1)] = matrix[k * gates * units + source] as number;
      }
  });
}
