import * as v from 'valibot';
import { refused, type SourceLayer } from './layer-source.js';

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Height and width of a kernel, pool or stride. */
export const pair = v.tuple([positive, positive]);

export const padding = v.picklist(['valid', 'same'], "only 'valid' and 'same' are supported");

export const channelsLast = v.literal('channels_last', 'only channels_last is supported');

/**
 * The size of an axis after a convolution or pooling; -1 where it is not known before.
 * @throws INVALID_INPUT when the window is larger than its input
 */
export function outputSize(
  layer: SourceLayer,
  size: number,
  window: number,
  stride: number,
  padding: 'valid' | 'same',
): number {
  if (size === -1) return -1;
  const covered = padding === 'same' ? size : size - window + 1;
  if (covered < 1) throw refused(layer, `its window of ${window} is larger than its input of ${size}`);
  return Math.ceil(covered / stride);
}
