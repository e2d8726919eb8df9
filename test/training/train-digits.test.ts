import { existsSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { planFiles } from '../../lib/core/manifest.js';
import { readStoredTensors } from '../../lib/core/stored-tensor.js';
import { kernelAbi } from '../../lib/kernels/abi.js';
import { loadTfjsNode, nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { createDigitsNetwork } from '../../training/digits-network.js';
import { readMnist, slice } from '../../training/mnist.js';
import { publishDigits } from '../../training/publish-digits.js';
import { type EpochReport, trainDigits } from '../../training/train-digits.js';
import { requirePart } from '../support/requires.js';
import { temporaryRegistry } from '../support/serve.js';

const data = '../shared/data/mnist';
const describe = requirePart(
  'MNIST in ../shared/data/mnist, or the native backend',
  existsSync(data) && nativeBackendInstalled(),
  'npm run native',
);

describe('training digits', () => {
  beforeAll(async () => {
    await loadTfjsNode();
    await tf.setBackend('tensorflow');
  });

  test('learns in one epoch over 3,000 images, plain and distorted, and leaves no tensors behind', async () => {
    const all = readMnist(data, 'train');
    const model = createDigitsNetwork(1);
    const reports: EpochReport[] = [];
    const options = { validation: slice(all, 55_000, 56_000), seed: 1, onBatch: () => undefined };
    const onEpoch = (report: EpochReport) => reports.push(report);
    await trainDigits(model, { ...options, train: slice(all, 0, 3000), epochs: 1, onEpoch });
    const before = tf.memory().numTensors;
    const best = await trainDigits(model, { ...options, train: slice(all, 3000, 3300), epochs: 6, onEpoch });
    // Each compile makes adam's own counters and moments anew.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2 + 2 * model.weights.length);
    expect(reports).toHaveLength(7);
    expect(best.accuracy).toBe(Math.max(...reports.slice(1).map(({ accuracy }) => accuracy)));
    expect(best.accuracy).toBeGreaterThan(0.85);
  });

  test("makes a version whose golden output is the layers model's own", async () => {
    const images = readMnist(data, 't10k');
    const model = createDigitsNetwork(2);
    const { files, golden, parity, plan, signature } = await publishDigits(temporaryRegistry(), model, images.side);
    expect(files.map(({ name }) => name)).toEqual(['model.json', 'group1-shard1of1.bin', ...Object.values(planFiles)]);
    expect(plan).toEqual({ kernels: kernelAbi });
    expect(signature).toEqual({
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 28, 28, 1] }],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
    });
    expect(parity?.map(({ outputs }) => outputs[0]?.relative ?? 1).every((relative) => relative < 1e-6)).toBe(true);
    const image = readStoredTensors(golden.inputs).get('image');
    const expected = readStoredTensors(golden.outputs).get('probabilities');
    expect(image?.shape).toEqual([1, 28, 28, 1]);
    // Publishing proved it on wasm, which is TF.js' current backend since.
    await tf.setBackend('tensorflow');
    const output = model.predict(tf.tensor(image?.data ?? [], [1, 28, 28, 1])) as tf.Tensor;
    expect(output.dataSync()).toEqual(expected?.data);
  });
});
