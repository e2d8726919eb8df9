import { permutation, type Random } from '../lib/core/random.js';
import { type NumberWord, unknown } from '../lib/tasks/text/number-words.js';
import { tokenize } from '../lib/tasks/text/tokenize.js';
import { labels, type Review } from './review-data.js';

/** A review as the network takes it. */
export interface NumberedReview {
  /** Its words' numbers, at least one. */
  readonly words: readonly number[];
  /** Its label's place among the labels. */
  readonly label: number;
}

/** Reviews as the task prepares them. */
export function numberReviews(reviews: readonly Review[], numberOf: NumberWord): NumberedReview[] {
  return reviews.map(({ text, label }) => ({ words: tokenize(text).map(numberOf), label: labels.indexOf(label) }));
}

/**
 * Batches of reviews that are equally long, so that none is padded: the network sees what it will see when it serves.
 * @param random puts reviews and batches into another order
 */
export function equallyLong(reviews: readonly NumberedReview[], size: number, random?: Random) {
  const inOrder = <T>(items: readonly T[]): readonly T[] => (random === undefined ? items : shuffled(items, random));
  const filling = new Map<number, NumberedReview[]>();
  const batches: NumberedReview[][] = [];
  for (const review of inOrder(reviews)) {
    const { length } = review.words;
    const batch = filling.get(length);
    if (batch !== undefined && batch.length < size) batch.push(review);
    else {
      const next = [review];
      filling.set(length, next);
      batches.push(next);
    }
  }
  return inOrder(batches);
}

/** Words that the network does not see, so that no single one decides and it learns what to make of words that it does not know. */
export const hideWords = (words: readonly number[], share: number, random: Random): number[] =>
  words.map((word) => (random() < share ? unknown : word));

const shuffled = <T>(items: readonly T[], random: Random): T[] =>
  Array.from(permutation(items.length, random), (index) => items[index] as T);
