import type { Random } from '../lib/core/random.js';
import type { Variation } from '../lib/tasks/audio/prepare-sound.js';

/** How far a sound may be changed: another voice, another pace, another room. */
const limits = { speed: 1.25, shiftSeconds: 0.12, tilt: 0.7, quietestNoise: 45, loudestNoise: 5 };
const noisyShare = 0.7;

/** Draws a change of speed and pitch, place, tone and background noise. */
export function varySound(random: Random): Variation {
  const around = (limit: number): number => (2 * random() - 1) * limit;
  return {
    speed: limits.speed ** around(1),
    shift: around(limits.shiftSeconds),
    disturb: (samples) => {
      tilt(samples, around(limits.tilt));
      if (random() >= noisyShare) return;
      const below = limits.loudestNoise + random() * (limits.quietestNoise - limits.loudestNoise);
      addNoise(samples, below, random() * 0.95, random);
    },
  };
}

/** Makes a sound brighter (over 0) or duller: y[n] = x[n] − amount · x[n−1]. */
function tilt(samples: Float32Array, amount: number): void {
  let before = 0;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] as number;
    samples[index] = sample - amount * before;
    before = sample;
  }
}

/**
 * Adds noise to the whole window.
 * @param below decibels by which it is weaker than the window's mean power
 * @param smooth 0 white; nearer to 1 there is more of the low frequencies, as in rooms
 */
function addNoise(samples: Float32Array, below: number, smooth: number, random: Random): void {
  let last = 0;
  const noise = samples.map(() => {
    last = smooth * last + random() + random() + random() - 1.5;
    return last;
  });
  const scale = Math.sqrt(powerOf(samples) / powerOf(noise)) * 10 ** (-below / 20);
  for (let index = 0; index < samples.length; index++) {
    samples[index] = (samples[index] as number) + scale * (noise[index] as number);
  }
}

const powerOf = (samples: Float32Array): number => samples.reduce((sum, value) => sum + value * value, 0);
