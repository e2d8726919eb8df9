import type { Area } from './value.js';

/** Kernels read and write whole vectors, up to 12 bytes behind the last number. */
export const alignment = 64;
export const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
/** What an area takes with its vectors' overhang. */
export const roomOf = (bytes: number): number => aligned(bytes + 16);

/**
 * Gives each area a start such that those which live at the same time don't overlap: the largest first, each at the lowest place
 * that is free ("greedy by size": Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, 2020).
 * @returns bytes of the whole arena
 */
export function layOut(areas: readonly Area[]): number {
  const placed: Area[] = [];
  let end = 0;
  for (const area of [...areas].sort((a, b) => b.bytes - a.bytes)) {
    const beside = placed.filter(({ first, last }) => first <= area.last && area.first <= last);
    area.start = 0;
    for (const { start, bytes } of beside) {
      if (area.start + roomOf(area.bytes) <= start) break;
      area.start = Math.max(area.start, start + roomOf(bytes));
    }
    placed.push(area);
    placed.sort((a, b) => a.start - b.start);
    end = Math.max(end, area.start + roomOf(area.bytes));
  }
  return end;
}
