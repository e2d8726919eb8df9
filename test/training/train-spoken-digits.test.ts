import { existsSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { readStoredTensors } from '../../lib/core/stored-tensor.js';
import { loadTfjsNode, nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { publishSpokenDigits } from '../../training/publish-spoken-digits.js';
import { isTest, isValidation, listRecordings, readSounds } from '../../training/spoken-digits-data.js';
import { createSpokenDigitsNetwork } from '../../training/spoken-digits-network.js';
import { soundAccuracy, trainSpokenDigits } from '../../training/train-spoken-digits.js';
import { requirePart } from '../support/requires.js';
import { temporaryRegistry } from '../support/serve.js';

const data = '../shared/data/spoken-digits/recordings';
const describe = requirePart(
  'the spoken digits in ../shared/data/spoken-digits, or the native backend',
  existsSync(data) && nativeBackendInstalled(),
  'npm run native',
);

describe('training spoken-digits', () => {
  beforeAll(async () => {
    await loadTfjsNode();
    await tf.setBackend('tensorflow');
  });

  test('keeps the best epoch, and leaves no tensors behind', async () => {
    const two = listRecordings(data).filter(({ digit, speaker }) => digit < 2 && speaker === 'lucas');
    const validation = readSounds(two.filter(isValidation));
    const model = createSpokenDigitsNetwork(1);
    const accuracies: number[] = [];
    const options = {
      train: readSounds(two.filter((recording) => !isTest(recording) && !isValidation(recording)).slice(0, 40)),
      validation,
      epochs: 2,
      seed: 1,
      onBatch: (_: number, __: number, loss: number) => expect(loss).toBeGreaterThan(0),
      onEpoch: ({ accuracy }: { accuracy: number }) => accuracies.push(accuracy),
    };
    await trainSpokenDigits(model, options);
    const before = tf.memory().numTensors;
    const best = await trainSpokenDigits(model, options);
    // Each compile makes adam's own counters and moments anew.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2 + 2 * model.weights.length);
    expect(accuracies).toHaveLength(4);
    expect(best.accuracy).toBe(Math.max(...accuracies.slice(2)));
    expect(soundAccuracy(model, validation)).toBe(best.accuracy);
  });

  test("makes a version whose golden output is the layers model's own, and which is small", async () => {
    const model = createSpokenDigitsNetwork(2);
    const { files, golden, parity, signature } = await publishSpokenDigits(temporaryRegistry(), model);
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(3_000_000);
    expect(signature).toEqual({
      inputs: [{ name: 'sound', datatype: 'FP32', shape: [-1, 64, 32, 1] }],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
    });
    expect(parity?.map(({ outputs }) => outputs[0]?.relative ?? 1).every((relative) => relative < 1e-6)).toBe(true);
    const sound = readStoredTensors(golden.inputs).get('sound');
    const expected = readStoredTensors(golden.outputs).get('probabilities');
    // Publishing proved it on wasm, which is TF.js' current backend since.
    await tf.setBackend('tensorflow');
    const output = model.predict(tf.tensor(sound?.data ?? [], [1, 64, 32, 1])) as tf.Tensor;
    expect(output.dataSync()).toEqual(expected?.data);
  });
});
