/** A part of a batch of images that is computed at once: some whole images, or some rows of one. */
export interface Band {
  readonly image: number;
  readonly images: number;
  readonly row: number;
  readonly rows: number;
}

/**
 * Cuts a batch such that what each part needs besides its tensors stays in the processor's cache.
 * @param step rows that stay together
 * @param most steps of a part, of all its images
 */
export function bandsOf(images: number, height: number, step: number, most: number): Band[] {
  const steps = Math.ceil(height / step);
  const together = Math.floor(most / steps);
  if (together >= 1)
    return evenly(images, together).map(([image, count]) => ({ image, images: count, row: 0, rows: height }));
  const bands = evenly(steps, Math.max(1, most)).map(([first, count]) => {
    const row = first * step;
    return { row, rows: Math.min(count * step, height - row) };
  });
  return Array.from({ length: images }, (_, image) => bands.map((band) => ({ image, images: 1, ...band }))).flat();
}

/** Parts of no more than `most`, as equal as they can be: where each starts, and how many it has. */
function evenly(count: number, most: number): [start: number, count: number][] {
  const parts = Math.ceil(count / most);
  const start = (part: number): number => Math.floor((part * count) / parts);
  return Array.from({ length: parts }, (_, part) => [start(part), start(part + 1) - start(part)]);
}
