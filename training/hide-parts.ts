import type { Random } from '../lib/core/random.js';

const widest = { frames: 8, bands: 5 };

/** Blanks a few frames and a few bands, so that no single one decides (SpecAugment, Park et al. 2019). */
export function hideParts(features: Float32Array, [frames, bands]: readonly [number, number], random: Random): void {
  const width = {
    frames: Math.floor(random() * (widest.frames + 1)),
    bands: Math.floor(random() * (widest.bands + 1)),
  };
  const frame = Math.floor(random() * (frames - width.frames));
  const band = Math.floor(random() * (bands - width.bands));
  features.fill(0, frame * bands, (frame + width.frames) * bands);
  for (let row = 0; row < frames; row++) features.fill(0, row * bands + band, row * bands + band + width.bands);
}
