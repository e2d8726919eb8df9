import FFT from 'fft.js';

export interface MelLayout {
  /** Samples a second that the frames are cut from. */
  readonly sampleRate: number;
  /** Samples of a frame: a power of two. */
  readonly frame: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
  /** Bands from `low` to `high` hertz, evenly spaced on the mel scale. */
  readonly bands: number;
  readonly low: number;
  readonly high: number;
  /** Decibels below the loudest band of the sound which become 0. */
  readonly range: number;
}

/** A power below this is silence: 16-bit samples' own rounding is 10⁴ times as strong. */
const silence = 1e-12;

/** Sound → how strong each band of each frame is: 1 the strongest of the sound, 0 `range` decibels below it and less. */
export type LogMel = (samples: Float32Array) => Float32Array;

/** Samples that `frames` frames take. */
export const samplesOf = ({ frame, hop }: MelLayout, frames: number): number => frame + (frames - 1) * hop;

/**
 * Makes the features of speech recognition: power spectra under a Hann window, gathered into triangular bands on the mel scale,
 * in decibels relative to the loudest. So neither the recording's level nor its scale matters, and silence is all zeros.
 * @returns a function from `samplesOf(layout, frames)` samples to [frames, bands] values in 0…1, row by row
 */
export function createLogMel(layout: MelLayout): LogMel {
  const { frame, hop, bands, range } = layout;
  const fft = new FFT(frame);
  const window = Float64Array.from(
    { length: frame },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (index + 0.5)) / frame),
  );
  const filters = melFilters(layout);
  const input = new Array<number>(frame).fill(0);
  const spectrum = fft.createComplexArray() as number[];
  const power = new Float64Array(frame / 2 + 1);

  return (samples) => {
    const frames = Math.floor((samples.length - frame) / hop) + 1;
    const energies = new Float64Array(frames * bands);
    for (let row = 0; row < frames; row++) {
      for (let index = 0; index < frame; index++) {
        input[index] = (samples[row * hop + index] as number) * (window[index] as number);
      }
      fft.realTransform(spectrum, input);
      for (let bin = 0; bin < power.length; bin++) {
        power[bin] = (spectrum[2 * bin] as number) ** 2 + (spectrum[2 * bin + 1] as number) ** 2;
      }
      filters.forEach(({ first, weights }, band) => {
        let energy = 0;
        for (let at = 0; at < weights.length; at++) energy += (weights[at] as number) * (power[first + at] as number);
        energies[row * bands + band] = energy;
      });
    }
    const loudest = energies.reduce((most, energy) => Math.max(most, energy), silence);
    return Float32Array.from(energies, (energy) =>
      Math.max(0, 1 + (10 * Math.log10(energy / loudest || silence)) / range),
    );
  };
}

interface Filter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Triangles over the spectrum's bins, each from its left neighbour's centre to its right one's. */
function melFilters({ sampleRate, frame, bands, low, high }: MelLayout): Filter[] {
  const [from, to] = [mel(low), mel(high)];
  const edges = Array.from({ length: bands + 2 }, (_, index) => hertz(from + ((to - from) * index) / (bands + 1)));
  return Array.from({ length: bands }, (_, band) => {
    const [left, centre, right] = edges.slice(band, band + 3) as [number, number, number];
    const first = Math.ceil((left * frame) / sampleRate);
    const last = Math.floor((right * frame) / sampleRate);
    const weights = Float64Array.from({ length: last - first + 1 }, (_, index) => {
      const frequency = ((first + index) * sampleRate) / frame;
      return Math.max(0, Math.min((frequency - left) / (centre - left), (right - frequency) / (right - centre)));
    });
    return { first, weights };
  });
}

/** O'Shaughnessy's mel scale, as HTK and TensorFlow use it. */
const mel = (frequency: number): number => 1127 * Math.log1p(frequency / 700);
const hertz = (mels: number): number => 700 * Math.expm1(mels / 1127);
