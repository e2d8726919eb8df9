/** How a kernel or a pool moves along one axis. */
export interface Window {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/** What is put around an axis. */
export type Border = readonly [before: number, after: number];

export type Padding = 'valid' | 'same' | 'causal';

/** The elements of its axis that a window spans, with the gaps of its dilation. */
export function reach({ size, dilation }: Window): number {
  return (size - 1) * dilation + 1;
}

/**
 * What Keras' padding puts around an axis of `length` (-1: known only at a request). `same` is TensorFlow's SAME: as little as
 * lets ceil(length / stride) windows fit, the odd one behind; `causal` is all in front.
 * @returns undefined where that depends on a length which isn't known
 */
export function borderOf(length: number, window: Window, padding: Padding): Border | undefined {
  const extent = reach(window);
  if (padding === 'valid' || extent === 1) return [0, 0];
  if (padding === 'causal') return [extent - 1, 0];
  if (length === -1 && window.stride > 1) return undefined;
  const windows = Math.ceil(length / window.stride);
  const total = window.stride === 1 ? extent - 1 : Math.max(0, (windows - 1) * window.stride + extent - length);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** How many windows fit; -1 where the length isn't known. @throws RangeError where none does */
export function windowCount(length: number, window: Window, [before, after]: Border): number {
  if (length === -1) return -1;
  const room = length + before + after - reach(window);
  if (room < 0) throw new RangeError(`a window of ${reach(window)} doesn't fit into ${length}`);
  return Math.floor(room / window.stride) + 1;
}
