// Trains sentiment on sentences of reviews and publishes it, when it is good enough through the served path.
import { createRegistry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import { loadTfjsNode } from '../lib/runtime/native-backend.js';
import { createNumbering } from '../lib/tasks/text/number-words.js';
import { measureServed } from './measure-served.js';
import { numberReviews } from './numbered-reviews.js';
import { progressBar } from './progress-bar.js';
import { publishSentiment } from './publish-sentiment.js';
import { readFilmReviews, readProductReviews } from './review-data.js';
import { runTraining } from './run-training.js';
import { createSentimentNetwork } from './sentiment-network.js';
import { collectVocabulary } from './sentiment-vocabulary.js';
import { trainSentiment } from './train-sentiment.js';

const help = `npm run train:sentiment -- [options]
  --data DIR       where rt-polarity.pos and .neg are, and custrev.pos and .neg (default ../shared/data/review-polarity)
  --registry DIR   where to publish (default ./models)
  --epochs N       at most (default 8, about 5 minutes)`;

const seed = 20_264;
/** A model that is worse than this on the test sentences about films is not published. */
const leastAccuracy = 0.75;

/** What evaluate-sentiment.ts prints. */
interface Metrics extends Record<string, number> {
  readonly accuracy: number;
}

async function main(data: string, registry: string, epochs: number): Promise<void> {
  const sources = [readFilmReviews(data), readProductReviews(data)];
  const learned = sources.flatMap(({ train }) => train);
  const vocabulary = collectVocabulary(learned);
  const numberOf = createNumbering(vocabulary);
  const train = numberReviews(learned, numberOf);
  await loadTfjsNode();
  const network = createSentimentNetwork(vocabulary.length, seed);
  const bar = progressBar('training', epochs * train.length);
  const best = await trainSentiment(network, {
    train,
    validation: numberReviews(
      sources.flatMap(({ validation }) => validation),
      numberOf,
    ),
    epochs,
    seed,
    onBatch: (epoch, seen, loss) => bar.update((epoch - 1) * train.length + seen, `loss ${loss.toFixed(3)}`),
    onEpoch: ({ epoch, loss, accuracy }) =>
      console.error(`\nepoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, validation accuracy ${accuracy.toFixed(4)}`),
  });
  bar.stop();

  const measured = await measureServed<Metrics>('sentiment', data, (to) =>
    publishSentiment(to, network.model, vocabulary),
  );
  console.error(JSON.stringify(measured));
  if (measured.accuracy < leastAccuracy) {
    throw new Error(`not published: it is right on ${measured.accuracy} of the test, ${leastAccuracy} is needed`);
  }
  const metrics = { ...measured, validationAccuracy: Number(best.accuracy.toFixed(4)) };
  const { version } = await publishSentiment(
    createRegistry(await openStore(registry)),
    network.model,
    vocabulary,
    metrics,
  );
  console.log(JSON.stringify({ model: 'sentiment', version, registry, ...metrics }));
}

await runTraining(help, { data: '../shared/data/review-polarity', epochs: '8' }, ({ data, registry }, epochs) =>
  main(data, registry, epochs),
);
