/** Loudness is measured in pieces this long, in seconds. */
const piece = 0.01;
/** This part of the pieces, the quietest, is taken for the background. */
const backgroundShare = 0.2;

/**
 * Where a window of `length` samples lies best: around the centre of what is louder than the background, and as far as it can
 * inside the sound. A sound that is shorter lies as a whole inside the window, with silence around it.
 * @returns the window's first sample; negative where silence comes first
 */
export function findSpeech(samples: Float32Array, rate: number, length: number): number {
  const size = Math.max(1, Math.round(piece * rate));
  const loudness = loudnessOf(samples, size);
  const background = loudness.toSorted()[Math.floor(loudness.length * backgroundShare)] ?? 0;
  const above = loudness.map((value) => Math.max(0, value - background));

  const pieces = Math.max(1, Math.round(length / size));
  const first = loudestRun(above, pieces);
  let [weight, moment] = [0, 0];
  for (let index = first; index < Math.min(above.length, first + pieces); index++) {
    weight += above[index] as number;
    moment += (above[index] as number) * (index + 0.5);
  }
  const centre = weight > 0 ? (moment / weight) * size : samples.length / 2;
  const room = samples.length - length;
  return Math.min(Math.max(0, room), Math.max(Math.min(0, room), Math.round(centre - length / 2)));
}

/** Root mean square of each piece; amplitudes and not powers, so that a click doesn't outweigh a word. */
function loudnessOf(samples: Float32Array, size: number): Float64Array {
  return Float64Array.from({ length: Math.ceil(samples.length / size) }, (_, index) => {
    const part = samples.subarray(index * size, (index + 1) * size);
    return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / part.length);
  });
}

/** Start of the run of `count` values with the largest sum; the first of several. */
function loudestRun(values: Float64Array, count: number): number {
  let [best, start, sum] = [-1, 0, 0];
  for (let end = 0; end < values.length; end++) {
    sum += values[end] as number;
    if (end >= count) sum -= values[end - count] as number;
    if (end < Math.min(count, values.length) - 1 || sum <= best + 1e-9) continue;
    [best, start] = [sum, Math.max(0, end - count + 1)];
  }
  return start;
}
