import * as v from 'valibot';
import { exampleSpecs } from '../core/batching.js';
import { ModeletError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { defineTask } from '../core/task.js';
import { fitsShape, formatShape, makeTensor, type Signature, type TensorSpec } from '../core/tensor.js';
import { columns, prepareWindow } from './series/prepare-window.js';
import { readSeries } from './series/read-series.js';
import { type Scale, seriesScale, type WindowOptions } from './series/series-scale.js';

const steps = (least: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(100_000));

const options = v.strictObject({
  /** Steps that the network reads. */
  window: steps(2),
  /** Steps that it forecasts at most, all in one pass. */
  horizon: steps(1),
  /** Steps after which the series resembles itself; a request that covers one tells what is usual. */
  season: steps(2),
  /** Steps to both sides over which earlier seasons are averaged. */
  smoothing: steps(0),
  /** Share of the values that the interval should hold. */
  level: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
});

const unscaled: Scale = { location: 0, spread: 1 };

/**
 * A series of numbers, oldest first, as JSON or CSV → the values that follow, with an interval for each. For a network that takes
 * [window, 3] FP32 (`prepareWindow`) and gives [horizon, 3]: the lower end, the forecast and the upper end, in the window's scale.
 */
export const forecast = defineTask({
  name: 'forecast@1',
  options,
  mediaTypes: ['text/csv'],
  check: ({ options, signature }) => {
    seriesInput(signature, options);
  },
  preprocess: (instance, { options, signature }, field) => {
    const { name, shape } = seriesInput(signature, options);
    const { values } = prepareWindow(readSeries(instance, options, field).series, options);
    return new Map([[name, makeTensor('FP32', shape, values)]]);
  },
  postprocess: (outputs, { options, signature }, instance) => {
    const bounds = outputs.get(signature.outputs[0]?.name ?? '')?.data;
    if (bounds?.length !== 3 * options.horizon) throw misfit(options);
    const { scale, horizon } = asked(instance, options);
    const step = (index: number): number[] =>
      // Quantiles may cross where they were learned apart.
      [...bounds.subarray(3 * index, 3 * index + 3)].sort((a, b) => a - b).map((value) => restored(value, scale));
    const rows = Array.from({ length: horizon }, (_, index) => step(index));
    const ofAll = (index: number): number[] => rows.map((row) => row[index] as number);
    return { forecast: ofAll(1), lower: ofAll(0), upper: ofAll(2), level: options.level };
  },
});

/** The scale and the horizon of a request; nested numbers are in the network's own scale. */
function asked(instance: Instance | undefined, options: WindowOptions): { scale: Scale; horizon: number } {
  if (instance === undefined || instance.kind === 'numbers') return { scale: unscaled, horizon: options.horizon };
  const { series, horizon } = readSeries(instance, options, 'body');
  return { scale: seriesScale(series, series.length - options.window), horizon };
}

/** FP32 has 7 digits: more of them in the answer would be noise. They count relative to the spread, or a high level would eat them. */
function restored(value: number, { location, spread }: Scale): number {
  if (spread === 0) return location;
  const exact = location + spread * value;
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(exact) / spread, 1))) + 7;
  return Number(exact.toPrecision(Math.min(digits, 17)));
}

function seriesInput(signature: Signature, { window, horizon }: WindowOptions): TensorSpec {
  const [input, ...otherInputs] = exampleSpecs(signature);
  const [output, ...otherOutputs] = signature.outputs;
  const fits =
    otherInputs.length + otherOutputs.length === 0 &&
    input?.datatype === 'FP32' &&
    output?.datatype === 'FP32' &&
    fitsShape([window, columns], input.shape) &&
    fitsShape([horizon, 3], output.shape.slice(1));
  if (fits) return input;
  throw misfit({ window, horizon });
}

function misfit({ window, horizon }: Pick<WindowOptions, 'window' | 'horizon'>): ModeletError {
  const [input, output] = [formatShape([-1, window, columns]), formatShape([-1, horizon, 3])];
  return new ModeletError(
    'MODEL_CORRUPT',
    `forecast needs one FP32 input of shape ${input} and one output of ${output}`,
  );
}
