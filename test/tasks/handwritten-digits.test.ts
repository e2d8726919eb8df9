import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import type { Manifest } from '../../lib/core/manifest.js';
import { createRandom, type Random } from '../../lib/core/random.js';
import { makeTensor } from '../../lib/core/tensor.js';
import { startTimings } from '../../lib/core/timings.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { createService, type Service } from '../../lib/service.js';
import { prepareHandwriting } from '../../lib/tasks/image/handwriting.js';
import type { Pixels } from '../../lib/tasks/image/pixels.js';
import { imageClassification } from '../../lib/tasks/image-classification.js';
import { type LabelledImages, readMnist } from '../../training/mnist.js';
import { openEngine } from '../support/engine.js';
import { requirePart } from '../support/requires.js';
import * as draw from './image/presentations.js';

const data = '../shared/data/mnist';
const describe = requirePart('MNIST in ../shared/data/mnist', existsSync(data), 'a checkout that has ../shared');

type Presentation = (digit: Uint8Array, random: Random) => Pixels;
const { drawn, enlarged, placed, onTransparency, photographed } = draw;

/**
 * The first 1,000 test images as people would send them. The accuracy is that on all 1,000; tested are all of them, or every
 * so-manyth where drawing takes its time.
 */
const presentations: readonly [name: string, accuracy: number, every: number, present: Presentation][] = [
  ['28×28, as MNIST is', 0.995, 1, (digit) => drawn(enlarged(digit, 1), [255, 255, 255], [0, 0, 0])],
  ['28×28, dark on light', 0.995, 1, (digit) => drawn(enlarged(digit, 1))],
  ['280×280, dark on light', 0.992, 5, (digit) => drawn(enlarged(digit, 10))],
  ['280×280, through JPEG at quality 75', 0.992, 10, (digit) => draw.compressed(drawn(enlarged(digit, 10)), 75)],
  ['cut off at the ink', 0.991, 4, (digit) => draw.tight(enlarged(digit, 6))],
  ['anywhere on a sheet 4 times as wide', 0.993, 5, (digit, random) => drawn(placed(enlarged(digit, 4), 420, random))],
  ['dark strokes on transparency', 0.992, 4, (digit) => onTransparency(enlarged(digit, 5), [20, 20, 20])],
  ['light strokes on transparency', 0.992, 4, (digit) => onTransparency(enlarged(digit, 5), [235, 235, 235])],
  ['blue on yellow', 0.992, 4, (digit) => drawn(enlarged(digit, 5), [30, 60, 200], [250, 240, 150])],
  ['red on green of the same brightness', 0.992, 4, (digit) => drawn(enlarged(digit, 5), [200, 40, 40], [60, 120, 60])],
  ['white on red', 0.992, 4, (digit) => drawn(enlarged(digit, 5), [255, 255, 255], [180, 30, 30])],
  ['a photo', 0.99, 10, (digit, random) => photographed(placed(enlarged(digit, 5), 256, random), random)],
  [
    'a grainy photo in bad light',
    0.989,
    10,
    (digit, random) => photographed(placed(enlarged(digit, 5), 256, random), random, 0.4, 14),
  ],
  [
    'lines of a fine pen on a large sheet',
    0.986,
    10,
    (digit, random) => drawn(placed(draw.thinLines(digit), 700, random)),
  ],
];

/** What each must reach: two standard errors of 100 images below 0.99. */
const leastAccuracy = 0.97;

const log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
let service: Service;
let manifest: Manifest;

beforeAll(async () => {
  const registry = createRegistry(await openStore('./models'));
  const engine = await openEngine('wasm');
  service = createService({
    model: 'digits',
    registry,
    engine,
    tasks: [imageClassification],
    log,
    budget: 2 ** 30,
    lookEveryMs: 30_000,
  });
  manifest = await service.describe({ alias: 'production' });
});

describe('handwritten digits', () => {
  let mnist: LabelledImages;

  beforeAll(() => {
    mnist = readMnist(data, 't10k');
  });

  test.each(presentations)('%s: %f', async (_, _accuracy, every, present) => {
    const random = createRandom(5);
    const chosen = Array.from({ length: 1000 / every }, (_, index) => index * every);
    const fields = chosen.map((index) => {
      const pixels = present(mnist.images.subarray(index * 784, (index + 1) * 784), random);
      return prepareHandwriting(pixels, 28, 28, `image ${index}`).map((value) => value / 255);
    });
    const answers = await recognized(fields);
    const right = chosen.filter((index, at) => answers[at] === mnist.labels[index]).length;
    expect(right / chosen.length).toBeGreaterThanOrEqual(leastAccuracy);
  });
});

test('the example is a 7, surely', async () => {
  const bytes = readFileSync('examples/7.png');
  const [outputs = new Map()] = await service.predict(
    manifest,
    [{ kind: 'file', bytes }],
    startTimings(),
    () => 'example',
  );
  const answer = service.answer(manifest, outputs, startTimings());
  expect(answer).toMatchObject({ label: '7' });
  expect(answer.score).toBeGreaterThan(0.9);
});

async function recognized(fields: readonly Float32Array[]): Promise<number[]> {
  const answers: number[] = [];
  for (let start = 0; start < fields.length; start += 100) {
    const batch = fields.slice(start, start + 100);
    const values = new Float32Array(batch.length * 784);
    batch.forEach((field, row) => {
      values.set(field, row * 784);
    });
    const inputs = new Map([['image', makeTensor('FP32', [batch.length, 28, 28, 1], values)]]);
    const [scores] = [...(await service.infer(manifest, inputs, startTimings())).values()];
    batch.forEach((_, row) => {
      const digits = [...(scores?.data ?? []).slice(row * 10, (row + 1) * 10)];
      answers.push(digits.indexOf(Math.max(...digits)));
    });
  }
  return answers;
}
