import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../../lib/core/random.js';
import { readStoredTensors } from '../../lib/core/stored-tensor.js';
import { loadTfjsNode, nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { publishSentiment } from '../../training/publish-sentiment.js';
import { createSentimentNetwork } from '../../training/sentiment-network.js';
import { reviewAccuracy, trainSentiment } from '../../training/train-sentiment.js';
import { requirePart } from '../support/requires.js';
import { temporaryRegistry } from '../support/serve.js';

const describe = requirePart('the native backend', nativeBackendInstalled(), 'npm run native');

/** Made-up reviews: word 2 is praise, word 3 blame, the others say nothing. */
function madeUp(count: number, seed: number) {
  const random = createRandom(seed);
  const whole = (below: number) => Math.floor(random() * below);
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: 1 + whole(5) }, () => 4 + whole(20));
    const label = whole(2);
    words[whole(words.length)] = label === 1 ? 2 : 3;
    return { words, label };
  });
}

describe('training sentiment', () => {
  beforeAll(async () => {
    await loadTfjsNode();
    await tf.setBackend('tensorflow');
  });

  test('learns, keeps the best average, draws other units at each step, and leaves no tensors behind', async () => {
    const network = createSentimentNetwork(22, 1);
    const accuracies: number[] = [];
    const options = {
      train: madeUp(2000, 1),
      validation: madeUp(100, 2),
      epochs: 5,
      seed: 1,
      onBatch: (_: number, __: number, loss: number) => expect(loss).toBeGreaterThan(0),
      onEpoch: ({ accuracy }: { accuracy: number }) => accuracies.push(accuracy),
    };
    await trainSentiment(network, { ...options, epochs: 1 });
    accuracies.length = 0;
    const before = tf.memory().numTensors;
    const best = await trainSentiment(network, options);
    // Each compile makes adam's own counters and moments anew.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2 + 2 * network.model.weights.length);
    expect(best.accuracy).toBe(Math.max(...accuracies));
    expect(reviewAccuracy(network.model, options.validation)).toBe(best.accuracy);
    expect(best.accuracy).toBeGreaterThan(0.8);

    const words = tf.tensor2d([[2, 4, 5, 6]], [1, 4], 'int32');
    const seen = [1, 1, 3].map((seed) => {
      network.redraw(seed);
      return (network.model.apply(words, { training: true }) as tf.Tensor).dataSync()[0];
    });
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[0]);
  });

  test("makes a version whose golden output is the layers model's own", async () => {
    const { model } = createSentimentNetwork(3, 2);
    const registry = temporaryRegistry();
    const { golden, parity, signature } = await publishSentiment(registry, model, ['the', 'story', 'is']);
    expect(signature).toEqual({
      inputs: [{ name: 'tokens', datatype: 'INT32', shape: [-1, -1] }],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect(parity?.map(({ outputs }) => outputs[0]?.relative ?? 1).every((relative) => relative < 1e-6)).toBe(true);
    const tokens = readStoredTensors(golden.inputs).get('tokens');
    expect([...(tokens?.data ?? [])].slice(0, 5)).toEqual([2, 3, 4, 1, 1]);
    // Publishing proved it on wasm, which is TF.js' current backend since.
    await tf.setBackend('tensorflow');
    const output = model.predict(tf.tensor(tokens?.data ?? [], tokens?.shape as number[], 'int32')) as tf.Tensor;
    expect(output.dataSync()).toEqual(readStoredTensors(golden.outputs).get('probabilities')?.data);
  });
});
