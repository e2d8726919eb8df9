/**
 * Zero crossings of the sinc on either side. Under a Blackman window the stop band lies below −70 dB, and passing turns into
 * stopping over a third of the band: at 8 kHz from 3.1 to 4.4 kHz, so that what folds back lands above 3.6 kHz.
 */
const crossings = 16;
/** The middle of that transition, as a part of the lower Nyquist frequency. */
const rolloff = 0.94;
/** Kernel values between two zero crossings; between those, straight lines. */
const resolution = 256;

const table = kernelTable();

export interface Sampling {
  /** Position of the first output in the input, in input samples; may lie between two, or outside. */
  readonly start: number;
  /** Input samples from one output to the next. */
  readonly step: number;
  readonly count: number;
}

/**
 * Band-limited interpolation by a windowed sinc: what a lower rate can't hold is taken away, not folded back. Outside the
 * input there is silence. Takes `count × 2 × 16 × max(1, step)` steps.
 */
export function resample(samples: Float32Array, { start, step, count }: Sampling): Float32Array {
  const output = new Float32Array(count);
  const cutoff = rolloff * Math.min(1, 1 / step);
  const reach = crossings / cutoff;
  for (let index = 0; index < count; index++) {
    const position = start + index * step;
    const first = Math.max(0, Math.ceil(position - reach));
    const last = Math.min(samples.length - 1, Math.floor(position + reach));
    let sum = 0;
    for (let at = first; at <= last; at++) {
      const place = Math.abs(at - position) * cutoff * resolution;
      const entry = Math.floor(place);
      const low = table[entry] as number;
      sum += (samples[at] as number) * (low + (place - entry) * ((table[entry + 1] as number) - low));
    }
    output[index] = sum * cutoff;
  }
  return output;
}

/** One half of sinc(x) under a Blackman window, from its centre to its end; two zeros behind it for the interpolation. */
function kernelTable(): Float64Array {
  const values = new Float64Array(crossings * resolution + 2);
  for (let index = 0; index < crossings * resolution; index++) {
    const x = index / resolution;
    const phase = (Math.PI * x) / crossings;
    const window = 0.42 + 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase);
    values[index] = x === 0 ? 1 : (window * Math.sin(Math.PI * x)) / (Math.PI * x);
  }
  return values;
}
