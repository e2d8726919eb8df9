/** How a series becomes the network's input; part of a version's options. */
export interface WindowOptions {
  /** Steps that the network reads. */
  readonly window: number;
  /** Steps that it forecasts, all in one pass. */
  readonly horizon: number;
  /** Steps after which the series resembles itself. */
  readonly season: number;
  /** Steps to both sides over which earlier seasons are averaged. */
  readonly smoothing: number;
}

/** A value is location + spread × the network's number. */
export interface Scale {
  readonly location: number;
  /** 0 for a constant. */
  readonly spread: number;
}

/**
 * Mean and standard deviation of a series from `start` to its end.
 * @param series finite numbers, at least one from `start` on
 */
export function seriesScale(series: ArrayLike<number>, start: number): Scale {
  const first = series[start] as number;
  let largest = 0;
  let constant = true;
  for (let index = start; index < series.length; index++) {
    largest = Math.max(largest, Math.abs(series[index] as number));
    constant &&= series[index] === first;
  }
  // Exactly: a mean of equal numbers may differ from them in the last bit.
  if (constant) return { location: first, spread: 0 };
  // Relative to the largest, whose square could be infinite.
  let mean = 0;
  for (let index = start; index < series.length; index++) mean += (series[index] as number) / largest;
  mean /= series.length - start;
  let squares = 0;
  for (let index = start; index < series.length; index++) squares += ((series[index] as number) / largest - mean) ** 2;
  return { location: mean * largest, spread: Math.sqrt(squares / (series.length - start)) * largest };
}
