import { describe as always, beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { readStoredTensors } from '../../lib/core/stored-tensor.js';
import { loadTfjsNode, nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { dailyWindow } from '../../training/forecast-data.js';
import { createForecastNetwork } from '../../training/forecast-network.js';
import { publishForecast } from '../../training/publish-forecast.js';
import { syntheticSeries } from '../../training/synthetic-series.js';
import { type ForecastEpoch, makeTurnedWindows, makeWindows, trainForecast } from '../../training/train-forecast.js';
import { makeVariedWindows } from '../../training/varied-windows.js';
import { requirePart } from '../support/requires.js';
import { temporaryRegistry } from '../support/serve.js';

const describe = requirePart('the native backend', nativeBackendInstalled(), 'npm run native');
const values = Float64Array.from(syntheticSeries(4 * 365));
const options = dailyWindow;
const stepsOf = (inputs: Float32Array, column: number): number[] => [...inputs].filter((_, at) => at % 3 === column);

always('windows', () => {
  test('forecast what lies in a range, and no more', () => {
    const { count, inputs, targets } = makeWindows(values, 1000, 1100, options);
    expect([count, inputs.length, targets.length]).toEqual([87, 87 * 56 * 3, 87 * 14]);
    const window = values.subarray(944, 1000);
    const mean = window.reduce((sum, value) => sum + value) / 56;
    const spread = Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 56);
    expect(targets[13]).toBeCloseTo(((values[1013] as number) - mean) / spread, 4);
  });

  test('of every season have all others as their history', () => {
    const turned = makeTurnedWindows(values, options);
    // The first season has nothing before it, so that its windows start a window later.
    expect(turned.count).toBe(4 * 352 - 56);
    expect(stepsOf(turned.inputs, 2).every((value) => value === 0)).toBe(true);
  });

  test('that are made up are finite, and know no season', () => {
    const { count, inputs, targets } = makeVariedWindows(50, 1, options);
    expect(count).toBe(50);
    expect([...inputs, ...targets].every(Number.isFinite)).toBe(true);
    expect(stepsOf(inputs, 1).every((value) => value === 0)).toBe(true);
    expect(makeVariedWindows(50, 1, options)).toEqual({ count, inputs, targets });
  });
});

describe('training a forecast', () => {
  beforeAll(async () => {
    await loadTfjsNode();
    await tf.setBackend('tensorflow');
  });

  test('learns, stops when it gets no better, and leaves no tensors behind', async () => {
    const model = createForecastNetwork(options, 1);
    const reports: ForecastEpoch[] = [];
    const settings = {
      train: makeWindows(values, 800, 1100, options),
      validation: makeWindows(values, 1095, 1300, options),
      seed: 1,
      onBatch: () => undefined,
      onEpoch: (report: ForecastEpoch) => reports.push(report),
    };
    const best = await trainForecast(model, { ...settings, epochs: 6, patience: 6 });
    expect(best.validationLoss).toBe(Math.min(...reports.map(({ validationLoss }) => validationLoss)));
    expect(best.validationLoss).toBeLessThan((reports[0] as ForecastEpoch).validationLoss);
    const before = tf.memory().numTensors;
    reports.length = 0;
    // The other way round, nothing that is learned can help.
    const { validation } = settings;
    const contrary = { ...validation, targets: validation.targets.map((value) => -10 * value) };
    await trainForecast(model, { ...settings, validation: contrary, epochs: 9, patience: 1 });
    expect(reports.length).toBeLessThan(9);
    // Each compile makes adam's own counters and moments anew.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2 + 2 * model.weights.length);
  });

  test("makes a version whose golden output is the layers model's own", async () => {
    const model = createForecastNetwork(options, 2);
    expect(model.countParams()).toBeLessThan(50_000);
    const { golden, parity, signature, task } = await publishForecast(temporaryRegistry(), model);
    expect(signature).toEqual({
      inputs: [{ name: 'series', datatype: 'FP32', shape: [-1, 56, 3] }],
      outputs: [{ name: 'quantiles', datatype: 'FP32', shape: [-1, 14, 3] }],
    });
    expect(task).toEqual({ name: 'forecast@1', options: { ...options, level: 0.8 } });
    expect(parity?.map(({ outputs }) => outputs[0]?.relative ?? 1).every((relative) => relative < 1e-5)).toBe(true);
    const series = readStoredTensors(golden.inputs).get('series');
    const expected = readStoredTensors(golden.outputs).get('quantiles');
    // Publishing proved it on wasm, which is TF.js' current backend since.
    await tf.setBackend('tensorflow');
    const output = model.predict(tf.tensor(series?.data ?? [], [1, 56, 3])) as tf.Tensor;
    expect(output.dataSync()).toEqual(expected?.data);
  });
});
