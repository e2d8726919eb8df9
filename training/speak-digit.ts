import { createRandom } from '../lib/core/random.js';

/** Samples a second of the synthetic voice. */
export const spokenRate = 16_000;

/** The mouth at one moment: seconds, three formants in hertz, how loud the voice is, and how loud a hiss. */
type Position = readonly [time: number, first: number, second: number, third: number, voice: number, hiss: number];

/** "five": f – a – i – v. */
const five: readonly Position[] = [
  [0, 500, 1200, 2500, 0, 0],
  [0.03, 500, 1200, 2500, 0, 1],
  [0.11, 500, 1150, 2500, 0, 1],
  [0.14, 650, 1150, 2500, 0.9, 0],
  [0.25, 740, 1200, 2500, 1, 0],
  [0.38, 420, 1950, 2600, 0.8, 0],
  [0.42, 260, 1300, 2400, 0.2, 0.3],
  [0.5, 250, 1200, 2400, 0.1, 0.3],
  [0.54, 250, 1200, 2400, 0, 0],
];

const bandwidths = [70, 100, 150] as const;
const silenceSeconds = 0.2;

/** A digit as a machine speaks it, after Klatt's cascade of resonators: no recording of a person, so it may stand anywhere. */
export function speakDigit(): Float32Array {
  const random = createRandom(5);
  const seconds = (five.at(-1) as Position)[0];
  const quiet = Math.round(silenceSeconds * spokenRate);
  const count = Math.round(seconds * spokenRate);
  const samples = new Float32Array(count + 2 * quiet);
  const resonators = bandwidths.map(createResonator);
  let phase = 0;
  let flow = 0;
  let before = 0;
  for (let index = 0; index < count; index++) {
    const time = index / spokenRate;
    const [, first, second, third, voice, hiss] = positionAt(time);
    // The pitch falls, as at the end of a sentence.
    phase += (130 - 35 * (time / seconds)) / spokenRate;
    const pulse = phase >= 1 ? 1 : 0;
    phase %= 1;
    // A pulse of the throat has little high tone, what leaves the lips has more: a low pass, then a difference.
    flow = 0.97 * flow + pulse * voice;
    const source = flow - 0.9 * before + 0.05 * hiss * (2 * random() - 1);
    before = flow;
    const formants = [first, second, third];
    samples[quiet + index] = resonators.reduce(
      (sample, resonate, at) => resonate(sample, formants[at] as number),
      source,
    );
  }
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => (0.7 * value) / peak + 0.0005 * (2 * random() - 1));
}

function positionAt(time: number): Position {
  const after = five.findIndex(([at]) => at > time);
  const [from, to] = [five[after - 1] as Position, five[after] as Position];
  const part = (time - from[0]) / (to[0] - from[0]);
  return from.map((value, index) => value + part * ((to[index] as number) - value)) as unknown as Position;
}

/** A second-order resonance, 1 at 0 Hz: y[n] = a·x[n] + b·y[n−1] + c·y[n−2]. */
function createResonator(bandwidth: number): (sample: number, frequency: number) => number {
  const c = -Math.exp((-2 * Math.PI * bandwidth) / spokenRate);
  let [last, older] = [0, 0];
  return (sample, frequency) => {
    const b = 2 * Math.sqrt(-c) * Math.cos((2 * Math.PI * frequency) / spokenRate);
    const value = (1 - b - c) * sample + b * last + c * older;
    [older, last] = [last, value];
    return value;
  };
}
