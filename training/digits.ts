// Trains digits on MNIST and publishes it, when it is good enough through the served path.
import { createRegistry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import { loadTfjsNode } from '../lib/runtime/native-backend.js';
import { createDigitsNetwork } from './digits-network.js';
import type { Evaluation } from './evaluation.js';
import { measureServed } from './measure-served.js';
import { readMnist, slice } from './mnist.js';
import { progressBar } from './progress-bar.js';
import { publishDigits } from './publish-digits.js';
import { runTraining } from './run-training.js';
import { trainDigits } from './train-digits.js';

const help = `npm run train:digits -- [options]
  --data DIR       MNIST's four .gz files (default ../shared/data/mnist)
  --registry DIR   where to publish (default ./models)
  --epochs N       5 on the images as they are, those after on distorted copies (default 12, about 10 minutes)`;

const seed = 20_261;
/** Images held out of the training set to choose the best epoch by; the test images only give the final figure. */
const validationCount = 5000;
/** A digits model that is worse than this on the test images is not published. */
const leastAccuracy = 0.99;

async function main(data: string, registry: string, epochs: number): Promise<void> {
  const all = readMnist(data, 'train');
  const test = readMnist(data, 't10k');
  await loadTfjsNode();
  const model = createDigitsNetwork(seed);
  const split = all.count - validationCount;
  const bar = progressBar('training', epochs * split);
  const best = await trainDigits(model, {
    train: slice(all, 0, split),
    validation: slice(all, split, all.count),
    epochs,
    seed,
    onBatch: (epoch, images, loss) => bar.update((epoch - 1) * split + images, `loss ${loss.toFixed(3)}`),
    onEpoch: ({ epoch, loss, accuracy }) =>
      console.error(`\nepoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, validation accuracy ${accuracy.toFixed(4)}`),
  });
  bar.stop();

  const { accuracy, images, confusion } = await measureServed<Evaluation>('digits', data, (to) =>
    publishDigits(to, model, test.side),
  );
  console.error(confusion.map((row, digit) => `${digit}: ${row.join(' ')}`).join('\n'));
  if (accuracy < leastAccuracy) {
    throw new Error(
      `not published: it is right on ${accuracy} of the test images, ${leastAccuracy} is needed; use more epochs`,
    );
  }
  const metrics = { accuracy, testImages: images, validationAccuracy: best.accuracy };
  const { version } = await publishDigits(createRegistry(await openStore(registry)), model, test.side, metrics);
  console.log(JSON.stringify({ model: 'digits', version, registry, ...metrics }));
}

await runTraining(help, { data: '../shared/data/mnist', epochs: '12' }, ({ data, registry }, epochs) =>
  main(data, registry, epochs),
);
