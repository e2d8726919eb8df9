import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, permutation } from '../lib/core/random.js';
import { tokenize } from '../lib/tasks/text/tokenize.js';

/** In the order of the network's output. */
export const labels = ['negative', 'positive'] as const;
export type Label = (typeof labels)[number];

/** A sentence of a review, and whether its author liked what it speaks of. */
export interface Review {
  readonly label: Label;
  readonly text: string;
}

export interface ReviewParts {
  readonly train: readonly Review[];
  readonly validation: readonly Review[];
  readonly test: readonly Review[];
}

/** It says which sentences are tested with: another seed is another test. */
const splitSeed = 20_263;

/** Sentences of film reviews (Pang and Lee, 2005). @throws when a file is missing */
export const readFilmReviews = (folder: string): ReviewParts => divide(readReviews(folder, 'rt-polarity'));

/** Sentences of customers about cameras, telephones and the like (Hu and Liu, 2004). @throws when a file is missing */
export const readProductReviews = (folder: string): ReviewParts => divide(readReviews(folder, 'custrev'));

/**
 * A tenth is only tested with, another chooses the best epoch. What stands in the test is left out of the other two, should the data
 * have it twice.
 */
function divide(all: readonly Review[]): ReviewParts {
  const order = Array.from(permutation(all.length, createRandom(splitSeed)), (index) => all[index] as Review);
  const tenth = Math.round(all.length / 10);
  const test = order.slice(0, tenth);
  const words = ({ text }: Review): string => tokenize(text).join(' ');
  const tested = new Set(test.map(words));
  const others = order.slice(tenth).filter((review) => !tested.has(words(review)));
  return { test, validation: others.slice(0, tenth), train: others.slice(tenth) };
}

function readReviews(folder: string, name: string): Review[] {
  return labels.flatMap((label) =>
    readLines(join(folder, `${name}.${label.slice(0, 3)}`)).map((text) => ({ label, text })),
  );
}

/** The files are Latin-1; where 0x85 stands for an ellipsis, a control code divides words as well. Lines end with LF alone. */
function readLines(path: string): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new Error(`${path} can't be read; name the folder of the reviews with --data`, { cause });
  }
  const lines = bytes.toString('latin1').split('\n');
  return lines.filter((line) => tokenize(line).length > 0);
}
