import { existsSync, readFileSync } from 'node:fs';
import { describe as always, beforeAll, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { handler } from '../../functions/forecast.js';
import { forecast } from '../../lib/index.js';
import { taskShapes } from '../../lib/protocol/openapi-tasks.js';
import { dailyWindow, readTemperatures } from '../../training/forecast-data.js';
import { evaluateForecast } from '../../training/forecast-evaluation.js';
import { taskEvent } from '../../training/task-event.js';
import { requirePart } from '../support/requires.js';
import { client } from '../support/serve.js';

const data = '../shared/data/time-series';
const describe = requirePart('../shared/data/time-series', existsSync(data), 'a checkout that has ../shared');
const manifest = JSON.parse(readFileSync('models/forecast/versions/1/manifest.json', 'utf8'));
const context = { getRemainingTimeInMillis: () => 29_000 } as Context;

interface Answer {
  readonly forecast: number[];
  readonly lower: number[];
  readonly upper: number[];
  readonly level: number;
}

beforeAll(() => {
  Object.assign(process.env, { MODELET_REGISTRY: './models', POWERTOOLS_METRICS_DISABLED: 'true' });
});

async function ask(
  contentType: string,
  body: string | Uint8Array,
): Promise<{ status: number; json: Answer & { error: string } }> {
  const { statusCode = 0, body: text = '' } = await handler(
    taskEvent('forecast', contentType, Buffer.from(body)),
    context,
  );
  return { status: statusCode, json: JSON.parse(text) };
}

const askJson = (value: unknown) => ask('application/json', JSON.stringify(value));

always('the published forecast', () => {
  test('states that it is better than the seasonal naive and a linear autoregression, with an honest interval', () => {
    const { mase, mae, linearMae, coverage, testForecasts, airlineMase } = manifest.metrics;
    expect(testForecasts).toBe(717);
    expect(mase).toBeLessThan(1);
    expect(mae).toBeLessThanOrEqual(linearMae);
    expect(coverage).toBeGreaterThanOrEqual(0.75);
    expect(coverage).toBeLessThanOrEqual(0.85);
    expect(airlineMase).toBeLessThan(1.5);
  });

  test('answers the example, with the interval around', async () => {
    const { status, json } = await ask('text/csv', readFileSync('examples/series.csv'));
    expect(status).toBe(200);
    expect([json.forecast.length, json.lower.length, json.upper.length, json.level]).toEqual([14, 14, 14, 0.8]);
    json.forecast.forEach((value, step) => {
      expect(json.lower[step]).toBeLessThan(value);
      expect(json.upper[step]).toBeGreaterThan(value);
    });
  });

  test('gives as many steps as are asked for, the same ones', async () => {
    const series = Array.from({ length: 500 }, (_, day) => Math.round(100 * Math.sin(day / 9)) / 10);
    const { json: all } = await askJson({ series });
    const { json: three } = await askJson({ series, horizon: 3 });
    expect(three.forecast).toEqual(all.forecast.slice(0, 3));
  });

  test('follows a series into another scale', async () => {
    const series = Array.from({ length: 100 }, (_, day) => 20 + 5 * Math.sin(day / 4) + ((day * 7) % 5));
    const [small, large] = [
      (await askJson({ series })).json,
      (await askJson({ series: series.map((value) => 1000 * value + 5e4) })).json,
    ];
    large.forecast.forEach((value, step) => {
      expect((value - 5e4) / 1000).toBeCloseTo(small.forecast[step] as number, 2);
    });
  });

  test.each([0, 0.1, -7, 1e300, 5e-324])('gives a constant of %p its constant', async (value) => {
    const { json } = await askJson({ series: new Array(60).fill(value), horizon: 2 });
    expect(json).toMatchObject({ forecast: [value, value], lower: [value, value], upper: [value, value] });
  });

  test.each([
    ['application/json', '{"series":[],"horizon":7}', 'has 0 values, the model reads the last 56'],
    ['application/json', '{"series":[1,2,3],"horizon":7}', 'has 3 values'],
    ['application/json', '{"series":[1,null],"horizon":1e9}', 'expected a whole number from 1 to 14, got 1000000000'],
    ['application/json', '{"series":[1,NaN],"horizon":7}', 'not valid JSON'],
    ['text/csv', '', 'is empty; expected a value a line'],
    ['text/csv', 'date,value\n2024-01-01,1\n2024-01-03,2\n2024-01-04,2\n', 'line 4: stands at another distance'],
  ])('refuses %s %p', async (type, body, message) => {
    const { status, json } = await ask(type, body);
    expect([status, json.error]).toEqual([400, expect.stringContaining(message)]);
  });

  test('never answers with anything but finite numbers, however wild the series', async () => {
    const wild = [
      Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? 1e300 : -1e300)),
      [...new Array(59).fill(0), 1e300],
      [...new Array(59).fill(1e300), 5e-324],
      Array.from({ length: 500 }, (_, at) => (at < 440 ? 1e300 * (-1) ** at : 1 + 1e-15 * at)),
    ];
    for (const series of wild) {
      const { status, json } = await askJson({ series });
      expect(status).toBe(200);
      expect([json.forecast, json.lower, json.upper].flat().every((value) => typeof value === 'number')).toBe(true);
    }
  });

  test("speaks both protocols, in the network's own numbers", async () => {
    const api = client(handler);
    const window = Array.from({ length: 56 }, (_, step) => [0, 0, Math.sin(step)]);
    const { json: rows } = await api.post('/v1/models/forecast:predict', { instances: [window] });
    const input = { name: 'series', shape: [1, 56, 3], datatype: 'FP32', data: window.flat() };
    const { json: tensors } = await api.post('/v2/models/forecast/infer', { inputs: [input] });
    const { json: answer } = await api.post('/models/forecast', window);
    expect(rows.predictions[0]).toHaveLength(14);
    expect(tensors.outputs[0].data).toEqual(rows.predictions[0].flat());
    expect(answer.forecast).toHaveLength(14);
  });

  test('is described with the media types that it takes', () => {
    expect(taskShapes[forecast.name]?.mediaTypes).toEqual(forecast.mediaTypes);
  });
});

describe('measured through the handler on wasm', () => {
  test('the last of the test days agree with what the card states', async () => {
    const { values, test: start } = readTemperatures(data);
    const last = values.length - 120;
    expect(last).toBeGreaterThan(start);
    const { mae, coverage } = await evaluateForecast(handler, values, last, dailyWindow.horizon);
    // A season of its own: 107 forecasts that overlap.
    expect(mae).toBeLessThan(2.5);
    expect(coverage).toBeGreaterThan(0.65);
  });
});
