import { findSpeech } from './find-speech.js';
import { createLogMel, type LogMel, type MelLayout, samplesOf } from './log-mel.js';
import { resample } from './resample.js';

/** One channel of sound, about −1…1. */
export interface Sound {
  readonly rate: number;
  readonly samples: Float32Array;
}

/** A change that training makes to a sound on its way; serving makes none. */
export interface Variation {
  /** Over 1: quicker and higher. */
  readonly speed: number;
  /** Seconds that the window is moved to the right. */
  readonly shift: number;
  /** Changes the window's samples, before its spectrum is taken. */
  readonly disturb: (samples: Float32Array) => void;
}

const unchanged: Variation = { speed: 1, shift: 0, disturb: () => undefined };

export interface SoundPreparation {
  /** First sample of the window that the network hears, and its length, in the sound's own samples. */
  window(sound: Sound): { readonly start: number; readonly length: number };
  /** [frames, bands] values in 0…1. Work is bounded by the window, not by the sound. */
  features(sound: Sound, variation?: Variation): Float32Array;
}

/** What is done to a sound before the network, in training and in serving: one window of it, resampled, as log-mel features. */
export function createSoundPreparation(layout: MelLayout, frames: number): SoundPreparation {
  const count = samplesOf(layout, frames);
  const logMel: LogMel = createLogMel(layout);
  const window = ({ rate, samples }: Sound, speed = 1) => {
    const length = (count * rate * speed) / layout.sampleRate;
    return { start: findSpeech(samples, rate, length), length };
  };
  return {
    window: (sound) => window(sound),
    features: (sound, { speed, shift, disturb } = unchanged) => {
      const step = (sound.rate * speed) / layout.sampleRate;
      const start = window(sound, speed).start + shift * sound.rate;
      const heard = resample(sound.samples, { start, step, count });
      disturb(heard);
      return logMel(heard);
    },
  };
}
