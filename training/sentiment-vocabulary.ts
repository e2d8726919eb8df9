import { tokenize } from '../lib/tasks/text/tokenize.js';
import type { Review } from './review-data.js';

/** A word that stands in one sentence alone teaches nothing of others. */
const leastCount = 2;

/** Words that are seen often enough, the most frequent first, equally frequent ones in the order of their letters. */
export function collectVocabulary(reviews: readonly Review[]): string[] {
  const counts = new Map<string, number>();
  for (const { text } of reviews) {
    for (const word of new Set(tokenize(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const frequent = [...counts].filter(([, count]) => count >= leastCount);
  return frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
}
