import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRandom } from '../../lib/core/random.js';
import { createNumbering } from '../../lib/tasks/text/number-words.js';
import { equallyLong, hideWords, numberReviews } from '../../training/numbered-reviews.js';
import { type Review, readFilmReviews, readProductReviews } from '../../training/review-data.js';
import { collectVocabulary } from '../../training/sentiment-vocabulary.js';
import { judgeByWords, wordEvidence } from '../../training/word-evidence.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelet-reviews-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, lines: readonly string[]) =>
  writeFileSync(join(folder, name), Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
const numbered = (count: number, word: string) => Array.from({ length: count }, (_, index) => `${word} ${index}`);
const positive = (text: string): Review => ({ label: 'positive', text });

describe('the reviews', () => {
  test('are divided into parts that share nothing, the same ones each time', () => {
    // The last of either half says what another does, in other signs.
    write('rt-polarity.pos', [...numbered(100, 'good'), 'Good  7 !']);
    write('rt-polarity.neg', [...numbered(99, 'bad'), 'bad: 5.', '']);
    const { train, validation, test: tested } = readFilmReviews(folder);
    expect(tested).toHaveLength(20);
    expect(validation).toHaveLength(20);
    const words = (reviews: readonly Review[]) =>
      reviews.map(({ text }) => text.toLowerCase().match(/\w+/g)?.join(' '));
    const [learned, chosenBy, hidden] = [words(train), words(validation), words(tested)];
    expect(hidden.filter((text) => learned.includes(text) || chosenBy.includes(text))).toEqual([]);
    expect(train.length + validation.length).toBeGreaterThanOrEqual(179);
    expect(readFilmReviews(folder).test).toEqual(tested);
  });

  test('are read as Latin-1, a line each', () => {
    write('custrev.pos', ['clich\xe9s \x85 but', ' ', '?!', 'good']);
    write('custrev.neg', ['bad']);
    const { train, validation, test: tested } = readProductReviews(folder);
    const all = [...train, ...validation, ...tested].sort((a, b) => (a.text < b.text ? -1 : 1));
    expect(all).toEqual([
      { label: 'negative', text: 'bad' },
      { label: 'positive', text: 'clichés \x85 but' },
      { label: 'positive', text: 'good' },
    ]);
  });

  test('are asked for where there are none', () => {
    expect(() => readFilmReviews(folder)).toThrow('--data');
  });
});

test('the vocabulary holds what stands in two reviews, the most frequent first', () => {
  const reviews = ['a b c', 'b c d d', 'c B!', 'c e'].map(positive);
  expect(collectVocabulary(reviews)).toEqual(['c', 'b']);
});

describe('batches', () => {
  const reviews = numberReviews(
    ['a', 'b c', 'd e', 'f g', 'h i j', 'k'].map(positive),
    createNumbering([...'abcdefghijk']),
  );

  test('hold reviews that are equally long, each once, in another order', () => {
    const batches = equallyLong(reviews, 2, createRandom(1));
    expect(batches.map((batch) => batch.length).sort()).toEqual([1, 1, 2, 2]);
    for (const batch of batches) expect(new Set(batch.map(({ words }) => words.length)).size).toBe(1);
    const words = (all: typeof batches) => all.flat().flatMap((review) => [...review.words]);
    expect(words(batches).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(words(equallyLong(reviews, 2))).toEqual([2, 12, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(equallyLong(reviews, 2, createRandom(1))).toEqual(batches);
  });

  test('hide a share of the words', () => {
    const words = hideWords(new Array(1000).fill(5), 0.3, createRandom(2));
    expect(new Set(words)).toEqual(new Set([1, 5]));
    expect(words.filter((word) => word === 1).length).toBeCloseTo(300, -2);
  });
});

describe('the bag of words', () => {
  const texts = [
    { label: 'positive', tokens: ['good', 'film', 'good'] },
    { label: 'positive', tokens: ['good', 'story'] },
    { label: 'negative', tokens: ['bad', 'film'] },
  ] as const;

  test("has naive Bayes' evidence of each word", () => {
    const evidence = wordEvidence(texts, 1);
    // 4 words, each with 1 more: 4 + 4 on the positive side, 2 + 4 on the negative.
    expect(evidence.get('good')).toBeCloseTo(Math.log(3 / 8 / (1 / 6)), 12);
    expect(evidence.get('film')).toBeCloseTo(Math.log(2 / 8 / (2 / 6)), 12);
    expect(evidence.size).toBe(4);
  });

  test('sums it up, each word once; what it does not know says nothing', () => {
    const evidence = wordEvidence(texts, 1);
    expect(judgeByWords(evidence, ['a', 'good', 'film'])).toBe('positive');
    expect(judgeByWords(evidence, ['bad', 'story', 'bad'])).toBe('negative');
  });
});
