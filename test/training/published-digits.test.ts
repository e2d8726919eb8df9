import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { handler } from '../../functions/digits.js';
import { evaluate } from '../../training/evaluation.js';
import { readMnist, slice } from '../../training/mnist.js';
import { requirePart } from '../support/requires.js';

const data = '../shared/data/mnist';
const describe = requirePart('MNIST in ../shared/data/mnist', existsSync(data), 'a checkout that has ../shared');

describe('the published digits', () => {
  test('state an accuracy of at least 0.990 on all 10,000 test images', () => {
    const manifest = JSON.parse(readFileSync('models/digits/versions/1/manifest.json', 'utf8'));
    expect(manifest.metrics).toMatchObject({ testImages: 10_000 });
    expect(manifest.metrics.accuracy).toBeGreaterThanOrEqual(0.99);
  });

  test('answer 1,000 test images through the handler on wasm as well as that', async () => {
    Object.assign(process.env, { MODELET_REGISTRY: './models', POWERTOOLS_METRICS_DISABLED: 'true' });
    const result = await evaluate(handler, slice(readMnist(data, 't10k'), 0, 1000), () => undefined);
    // Over 1,000 images the standard error is 0.0025.
    expect(result.accuracy).toBeGreaterThanOrEqual(0.985);
    expect(result.confusion.flat().reduce((sum, count) => sum + count)).toBe(1000);
  });
});
