import { ModeletError } from '../core/errors.js';

/** Counts what is taken of the memory for models. */
export function reserved(): {
  /**
   * @returns gives it back
   * @throws MODEL_UNAVAILABLE where there is less left
   */
  take(bytes: number, of: number, instead?: string): () => void;
  taken(): number;
} {
  let taken = 0;
  const inMiB = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return {
    taken: () => taken,
    take: (bytes, of, instead) => {
      if (taken + bytes > of) {
        const others = taken > 0 ? `, ${inMiB(taken)} of it taken` : '';
        const has = `there is room for ${inMiB(Math.max(0, of))}${others}`;
        const todo = instead ?? `give the function ${inMiB(taken + bytes - of)} more, or use a smaller model`;
        throw new ModeletError('MODEL_UNAVAILABLE', `the weights need ${inMiB(bytes)} of memory, and ${has}; ${todo}`);
      }
      taken += bytes;
      return () => {
        taken -= bytes;
      };
    },
  };
}
