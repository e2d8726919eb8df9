import { describe, expect, test } from '@jest/globals';
import { parseInstance } from '../../../lib/core/instance.js';
import { makeTensor, type Signature } from '../../../lib/core/tensor.js';
import { forecast } from '../../../lib/tasks/forecast.js';

const options = { window: 4, horizon: 3, season: 6, smoothing: 1, level: 0.8 };

function signature(input = [-1, 4, 3], output = [-1, 3, 3]): Signature {
  return {
    inputs: [{ name: 'series', datatype: 'FP32', shape: input }],
    outputs: [{ name: 'quantiles', datatype: 'FP32', shape: output }],
  };
}

const task = forecast.bind(options, signature());
const instanceOf = (value: unknown) => parseInstance(value, 'body') as Parameters<typeof task.preprocess>[0];
const file = (text: string) => ({ kind: 'file', bytes: Buffer.from(text) }) as const;

/** The answer to what a network says: lower end, forecast, upper end for each of three steps. */
function answer(value: unknown, quantiles = [-1, 0, 1, -1, 0.5, 1, 2, 1, 3]) {
  const outputs = new Map([['quantiles', makeTensor('FP32', [3, 3], Float32Array.from(quantiles))]]);
  return task.postprocess(outputs, value === undefined ? undefined : parseInstance(value, 'body'));
}

describe('a request', () => {
  test('is normalised by its own window', () => {
    const [at1, at1000] = [1, 1000].map((size) =>
      task
        .preprocess(instanceOf({ series: [1, 2, 3, 5].map((value) => value * size), horizon: 3 }), 'body')
        .get('series'),
    );
    expect(at1?.shape).toEqual([4, 3]);
    expect([...(at1?.data ?? [])].map((value) => value.toFixed(5))).toEqual(
      [...(at1000?.data ?? [])].map((value) => value.toFixed(5)),
    );
  });

  test('may be CSV', () => {
    const asCsv = task.preprocess(file('date,value\n2024-01,1\n2024-02,2\n2024-03,3\n2024-04,5\n'), 'body');
    expect(asCsv).toEqual(task.preprocess(instanceOf({ series: [1, 2, 3, 5] }), 'body'));
  });

  test.each([
    ['an empty series', { series: [], horizon: 1 }, 'body.series: has 0 values, the model reads the last 4'],
    ['one shorter than the window', { series: [1, 2, 3] }, 'body.series: has 3 values, the model reads the last 4'],
    ['a gap', { series: [1, null, 3, 4] }, 'body.series[1]: expected a number, got null; fill gaps before'],
    ['text', { series: [1, 2, '3', 4] }, 'body.series[2]: expected a number, got text'],
    ['rows', { series: [[1], [2], [3], [4]] }, 'body.series[0]: expected a number, got an array of 1'],
    ['NaN', { series: [1, 2, 3, Number.NaN] }, 'body.series[3]: expected a number, got one beyond'],
    ['a number too large', { series: [1, 2, 3, 1e301] }, 'body.series[3]: expected a number, got one beyond ±1e300'],
    ['no series', { horizon: 1 }, 'body.series: expected an array of numbers, oldest first, got nothing'],
    ['text for a series', { series: '1,2,3,4' }, 'body.series: expected an array of numbers, oldest first, got text'],
    ['another field', { series: [1, 2, 3, 4], steps: 2 }, 'body: has a field beside series and horizon'],
    ...[0, -1, 1e9, 1.5, 4].map((horizon): [string, unknown, string] => [
      `a horizon of ${horizon}`,
      { series: [1, 2, 3, 4], horizon },
      `body.horizon: expected a whole number from 1 to 3, got ${horizon}`,
    ]),
    ['text for a horizon', { series: [1, 2, 3, 4], horizon: '2' }, 'from 1 to 3, got text'],
  ])('with %s is refused', (_, value, message) => {
    expect(() => task.preprocess(instanceOf(value), 'body')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
    expect(() => task.preprocess(instanceOf(value), 'body')).toThrow(message);
  });

  test('of CSV that is too short, or too large, is refused', () => {
    expect(() => task.preprocess(file('1\n2\n3\n'), 'body')).toThrow('body: has 3 values, the model reads the last 4');
    expect(() => task.preprocess(file('1\n2\n3\n1e999\n'), 'body')).toThrow(
      'body[3]: expected a number, got one beyond',
    );
  });
});

describe('the answer', () => {
  test('is in the scale of the series, as long as was asked for', () => {
    expect(answer({ series: [9, 9, 8, 12, 8, 12], horizon: 2 })).toEqual({
      forecast: [10, 11],
      lower: [8, 8],
      upper: [12, 12],
      level: 0.8,
    });
  });

  test('holds the forecast within the interval also where the network does not', () => {
    expect(answer({ series: [8, 12, 8, 12], horizon: 3 })).toMatchObject({ lower: [8, 8, 12], forecast: [10, 11, 14] });
  });

  test('to a constant is the constant', () => {
    const constant = [0.1, 0.1];
    expect(answer({ series: [0.1, 0.1, 0.1, 0.1], horizon: 2 })).toMatchObject({
      forecast: constant,
      lower: constant,
      upper: constant,
    });
  });

  test('keeps the digits of a high level, and stays finite for huge and tiny numbers', () => {
    const high = answer({ series: [1e9 + 1, 1e9 - 1, 1e9 + 1, 1e9 - 1], horizon: 2 }).forecast as number[];
    expect(high.map((value) => Number(value.toFixed(5)))).toEqual([1e9, 1e9 + 0.5]);
    for (const size of [1e300, 1e-300, 5e-324]) {
      const { forecast, lower, upper } = answer({ series: [size, -size, size, 0] });
      expect([forecast, lower, upper].flat().every(Number.isFinite)).toBe(true);
    }
  });

  test("to nested numbers is in the network's own scale", () => {
    const numbers = { forecast: [0, 0.5, 2], lower: [-1, -1, 1], upper: [1, 1, 3], level: 0.8 };
    expect(answer(new Array(4).fill([0, 0, 0]))).toEqual(numbers);
    expect(answer(undefined)).toEqual(numbers);
  });
});

describe('a version is MODEL_CORRUPT', () => {
  test.each([
    ['without a window', { ...options, window: 0 }, signature()],
    ['with another window', { ...options, window: 5 }, signature()],
    ['with another horizon', { ...options, horizon: 2 }, signature()],
    ['with a level of 1', { ...options, level: 1 }, signature()],
    ['with one number a step', options, signature([-1, 4, 1])],
    ['with forecasts alone', options, signature([-1, 4, 3], [-1, 3])],
    ['with two inputs', options, { ...signature(), inputs: [...signature().inputs, ...signature().inputs] }],
  ])('%s', (_, given, network) => {
    expect(() => forecast.bind(given, network)).toThrow(expect.objectContaining({ code: 'MODEL_CORRUPT' }));
  });
});
