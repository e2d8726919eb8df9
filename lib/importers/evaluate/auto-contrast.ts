import { type NdArray, ndArray } from './array.js';
import { mapSlices } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { readConfig } from './read-config.js';

/** The one augmentation of Keras that isn't random, and so works at inference too. */
export const autoContrast: Record<string, LayerFunction> = { AutoContrast: autoContrastLayer };

/** Stretches each channel of each image so that it fills `value_range`; a channel of a single value stays as it is. */
function autoContrastLayer(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  config.choice('data_format', ['channels_last'], 'channels_last');
  const [low = 0, high = 255] = config.has('value_range') ? config.numbers('value_range') : [0, 255];
  const x = firstInput(call, 4);
  const stretched = mapSlices(x, [1, 2], (slice) => {
    const least = slice.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const most = slice.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    if (least === most) return;
    slice.forEach((value, i) => {
      slice[i] = low + ((value - least) / (most - least)) * (high - low);
    });
  });
  return [ndArray(x.shape, stretched.data)];
}
