// Measures sentiment on the test sentences about films, and on those about products, through its own Lambda handler on wasm: text in,
// JSON out; beside it a bag of words that learned from the same sentences. Prints one JSON line.
import { parseArgs } from 'node:util';
import { handler } from '../functions/sentiment.js';
import { tokenize } from '../lib/tasks/text/tokenize.js';
import { evaluateClasses } from './class-evaluation.js';
import { progressBar } from './progress-bar.js';
import { labels, type Review, readFilmReviews, readProductReviews } from './review-data.js';
import { judgeByWords, wordEvidence } from './word-evidence.js';

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
const [films, products] = [readFilmReviews(values.data), readProductReviews(values.data)];

// It has no best epoch to choose, so that it may learn from the validation sentences too.
const learned = [films, products].flatMap(({ train, validation }) => [...train, ...validation]);
const evidence = wordEvidence(
  learned.map(({ label, text }) => ({ label, tokens: tokenize(text) })),
  1,
);

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

const onFilms = await served('sentences about films on wasm', films.test);
const onProducts = await served('sentences about products on wasm', products.test);
console.log(
  JSON.stringify({
    accuracy: onFilms.accuracy,
    testReviews: films.test.length,
    // No word of theirs is known; they count as wrong.
    testRefused: onFilms.refused,
    naiveBayesAccuracy: bagOfWords(films.test),
    productAccuracy: onProducts.accuracy,
    productReviews: products.test.length,
    productRefused: onProducts.refused,
    productNaiveBayesAccuracy: bagOfWords(products.test),
  }),
);
