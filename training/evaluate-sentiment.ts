// Measures sentiment on the test sentences through its own Lambda handler on wasm: text in, JSON out; beside it a bag of words that
// learned from the same sentences. Then both on reviews of products, which neither has seen anything of. Prints one JSON line.
import { parseArgs } from 'node:util';
import { handler } from '../functions/sentiment.js';
import { tokenize } from '../lib/tasks/text/tokenize.js';
import { evaluateClasses } from './class-evaluation.js';
import { progressBar } from './progress-bar.js';
import { labels, type Review, readFilmReviews, readProductReviews } from './review-data.js';
import { judgeByWords, wordEvidence } from './word-evidence.js';

/** A sentiment that is worse than this on the test sentences fails. */
const leastAccuracy = 0.75;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/review-polarity' },
    registry: { type: 'string', default: './models' },
  },
});
// The handler reads these at its first request. A metrics line for each request would bury the result.
Object.assign(process.env, {
  MODELET_REGISTRY: values.registry,
  MODELET_BACKEND: 'wasm',
  POWERTOOLS_METRICS_DISABLED: 'true',
});
const { train, validation, test } = readFilmReviews(values.data);
const products = readProductReviews(values.data);

// It has no best epoch to choose, so that it may learn from the validation sentences too.
const learned = [...train, ...validation].map(({ label, text }) => ({ label, tokens: tokenize(text) }));
const evidence = wordEvidence(learned, 1);

async function served(title: string, reviews: readonly Review[]) {
  const bar = progressBar(title, reviews.length);
  const files = reviews.map(({ label, text }) => ({ label, bytes: Buffer.from(text) }));
  const model = { name: 'sentiment', mediaType: 'text/plain', labels };
  const { accuracy, refused } = await evaluateClasses(handler, model, files, (done) => bar.update(done));
  bar.stop();
  return { accuracy: round(accuracy), refused };
}

function bagOfWords(reviews: readonly Review[]): number {
  const right = reviews.filter(({ label, text }) => judgeByWords(evidence, tokenize(text)) === label);
  return round(right.length / reviews.length);
}

function round(share: number): number {
  return Number(share.toFixed(4));
}

const onTest = await served('test sentences on wasm', test);
const onProducts = await served('product reviews on wasm', products);
console.log(
  JSON.stringify({
    accuracy: onTest.accuracy,
    testReviews: test.length,
    // No word of theirs is known; they count as wrong.
    testRefused: onTest.refused,
    naiveBayesAccuracy: bagOfWords(test),
    productAccuracy: onProducts.accuracy,
    productReviews: products.length,
    productRefused: onProducts.refused,
    productNaiveBayesAccuracy: bagOfWords(products),
  }),
);
if (onTest.accuracy < leastAccuracy) {
  console.error(`right on ${onTest.accuracy} of the test sentences, ${leastAccuracy} is needed`);
  process.exitCode = 1;
}
