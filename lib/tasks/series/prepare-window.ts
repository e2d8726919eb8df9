import { type Scale, seriesScale, type WindowOptions } from './series-scale.js';

/** Normalised numbers stay within this: a window that hardly moves after a wild history would else make seasons of 1e300. */
const largest = 8;

/** Numbers that the network takes of each step. */
export const columns = 3;

export interface PreparedWindow {
  /** Row-major [window, columns], see `prepareWindow`. */
  readonly values: Float32Array;
  readonly scale: Scale;
}

/**
 * The end of a series as the network takes it, three numbers a step: the value, and what is usual for the season `horizon` steps
 * later, so that the last steps tell of the time that is forecast. A history too short to say what is usual leaves both at 0 and
 * has its value in the third, so that the network can forecast the two by rules of their own. All are moved and divided by the
 * mean and the standard deviation of the window.
 * @param series at least `window` finite numbers
 */
export function prepareWindow(series: ArrayLike<number>, options: WindowOptions): PreparedWindow {
  const { window, horizon } = options;
  const start = series.length - window;
  const scale = seriesScale(series, start);
  const values = new Float32Array(columns * window);
  const seasonal = hasSeason(series.length, options);
  for (let step = 0; step < window; step++) {
    const at = columns * step;
    values[seasonal ? at : at + 2] = normalized(series[start + step] as number, scale);
    if (seasonal) values[at + 1] = normalized(usual(series, start + step + horizon, options), scale);
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
