import { badSource } from './bad-source.js';

/** Node.js 20 reads no larger file in one piece, and wasm could serve no more weights (4 GiB of heap). */
export const maxFileBytes = 2 ** 31 - 1;

/** Topologies with large constants inside have tens of MB; V8's strings end at 512 MB. */
export const maxJsonBytes = 256 * 2 ** 20;

/** Keras and TF.js nest a layer's settings 5 or 6 deep, and models in models a few times that. */
export const maxJsonDepth = 256;

/** A small file may unpack to this much whatever its ratio: fresh biases and moving means are all zeros. */
const freeBytes = 64 * 2 ** 20;

/** Trained weights shrink to 90 % or so; DEFLATE's own limit is 1032. */
const maxExpansion = 100;

/**
 * Refuses what unpacks to far more than it takes on disk, before anything is allocated.
 * @param declared bytes as the file's own directory says
 * @param stored bytes on disk
 */
export function checkExpansion(what: string, declared: number, stored: number): void {
  if (declared > maxFileBytes || declared > Math.max(freeBytes, stored * maxExpansion)) {
    throw badSource(
      `${what} declares ${declared} bytes of data in ${stored} bytes of file`,
      'save the model again without compression, below 2 GiB',
    );
  }
}
