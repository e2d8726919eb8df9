import type { Scale, WindowOptions } from './series-scale.js';
import { seriesScale } from './series-scale.js';

/** Normalised numbers stay within this: a window that hardly moves after a wild history would else make seasons of 1e300. */
const largest = 8;

export interface PreparedWindow {
  /** Row-major [window, 2], see `prepareWindow`. */
  readonly values: Float32Array;
  readonly scale: Scale;
}

/**
 * The end of a series as the network takes it. Step i holds the value, and what is usual for the season `horizon` steps later, so
 * that the last steps tell of the time that is forecast. Both are moved and divided by the mean and the standard deviation of the
 * window. A history too short to say what is usual leaves the second number at 0, which stands for the mean.
 * @param series at least `window` finite numbers
 */
export function prepareWindow(series: ArrayLike<number>, options: WindowOptions): PreparedWindow {
  const { window, horizon } = options;
  const start = series.length - window;
  const scale = seriesScale(series, start);
  const values = new Float32Array(2 * window);
  const seasonal = hasSeason(series.length, options);
  for (let step = 0; step < window; step++) {
    values[2 * step] = normalized(series[start + step] as number, scale);
    if (seasonal) values[2 * step + 1] = normalized(usual(series, start + step + horizon, options), scale);
  }
  return { values, scale };
}

/** Whether each step of the window has at least one season before it. */
export function hasSeason(length: number, { window, horizon, season, smoothing }: WindowOptions): boolean {
  return season > horizon + smoothing && length - window + horizon >= season + smoothing;
}

/** The mean over the same time of all earlier seasons, `smoothing` steps to both sides. */
function usual(series: ArrayLike<number>, index: number, { season, smoothing }: WindowOptions): number {
  let mean = 0;
  let count = 0;
  for (let middle = index - season; middle >= smoothing; middle -= season) {
    // A running mean: a sum of numbers near 1e300 would be infinite.
    for (let at = middle - smoothing; at <= middle + smoothing; at++) mean += ((series[at] as number) - mean) / ++count;
  }
  return mean;
}

function normalized(value: number, { location, spread }: Scale): number {
  if (spread === 0) return 0;
  return Math.min(Math.max((value - location) / spread, -largest), largest);
}
