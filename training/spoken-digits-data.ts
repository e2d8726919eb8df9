import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sound } from '../lib/tasks/audio/prepare-sound.js';
import { readWav } from '../lib/tasks/audio/read-wav.js';

/** One digit, spoken once. */
export interface Recording {
  readonly digit: number;
  readonly speaker: string;
  /** Which of the speaker's recordings of the digit. */
  readonly index: number;
  readonly path: string;
}

/** A recording as training uses it. */
export interface LabelledSound {
  readonly digit: number;
  readonly sound: Sound;
}

/** As the data set's authors divide it: the first five of each speaker and digit are only tested with. */
export const isTest = ({ index }: Recording): boolean => index < 5;
/** The next four choose the best epoch; the rest is learned from. */
export const isValidation = ({ index }: Recording): boolean => index >= 5 && index < 9;

/**
 * Lists the recordings of the Free Spoken Digit Dataset: files `{digit}_{speaker}_{index}.wav`.
 * @throws when the folder can't be read, or holds none
 */
export function listRecordings(folder: string): Recording[] {
  const recordings = filesOf(folder).flatMap((name): Recording[] => {
    const [, digit, speaker, index] = /^([0-9])_([a-z]+)_([0-9]+)\.wav$/.exec(name) ?? [];
    if (digit === undefined || speaker === undefined) return [];
    return [{ digit: Number(digit), speaker, index: Number(index), path: join(folder, name) }];
  });
  if (recordings.length === 0)
    throw new Error(`${folder} has no files like 7_theo_12.wav; name their folder with --data`);
  return recordings;
}

/** @throws INVALID_INPUT naming the file, when one is no WAV file */
export const readSounds = (recordings: readonly Recording[]): LabelledSound[] =>
  recordings.map(({ digit, path }) => ({ digit, sound: readWav(readFileSync(path), path) }));

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    throw new Error(`${folder} can't be read; name the folder of the spoken digits' WAV files with --data`, { cause });
  }
}
