/** Numbers within ±scale that look random and are the same in each run. */
export const numbers = (length: number, seed: number, scale = 1): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, (_, index) => scale * Math.sin((index + 1) * 12.9898 + seed * 78.233));
