import type { NdArray } from './array.js';
import { transpose } from './axes.js';
import type { ConfigReader } from './read-config.js';

/** Computes with the channels as last axis, whatever the layer's `data_format`, and gives the result in that format. */
export function channelsLast(x: NdArray, config: ConfigReader, compute: (x: NdArray) => NdArray): NdArray {
  if (!isChannelsFirst(config)) return compute(x);
  const result = compute(transpose(x, [0, ...[...x.shape.keys()].slice(2), 1]));
  const rank = result.shape.length;
  return rank < 3 ? result : transpose(result, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}

export function isChannelsFirst(config: ConfigReader): boolean {
  return config.choice('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_first';
}
