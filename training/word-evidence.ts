import type { Label } from './review-data.js';

/** What a word says of a text it stands in. */
export type WordEvidence = ReadonlyMap<string, number>;

/**
 * Naive Bayes' evidence of each word, ln(P(word | positive) / P(word | negative)): a word counts once in a text, with `smoothing` added to
 * its count on each side (Wang and Manning, "Baselines and Bigrams", 2012).
 */
export function wordEvidence(
  texts: Iterable<{ readonly label: Label; readonly tokens: readonly string[] }>,
  smoothing: number,
): WordEvidence {
  const counts = new Map<string, { positive: number; negative: number }>();
  for (const { label, tokens } of texts) {
    for (const word of new Set(tokens)) {
      const count = counts.get(word) ?? { positive: smoothing, negative: smoothing };
      count[label]++;
      counts.set(word, count);
    }
  }
  let [positive, negative] = [0, 0];
  for (const count of counts.values()) {
    positive += count.positive;
    negative += count.negative;
  }
  const shift = Math.log(negative / positive);
  return new Map([...counts].map(([word, count]) => [word, Math.log(count.positive / count.negative) + shift]));
}

/** The bag-of-words baseline: the sum of all words' evidence. Both labels are as likely beforehand. */
export function judgeByWords(evidence: WordEvidence, tokens: readonly string[]): Label {
  let sum = 0;
  for (const word of new Set(tokens)) sum += evidence.get(word) ?? 0;
  return sum > 0 ? 'positive' : 'negative';
}
