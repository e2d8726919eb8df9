import type { Context } from 'aws-lambda';
import type { LambdaHandler } from '../lib/index.js';
import type { Forecaster } from './forecast-baselines.js';
import { taskEvent } from './task-event.js';

/** What the handler answered, or a simple forecast, over all times of a test. */
export interface Evaluation {
  /** Forecasts made, one at each time. */
  readonly forecasts: number;
  /** Mean absolute error over all steps of all forecasts. */
  readonly mae: number;
  /** Share of the values that lay within the interval. */
  readonly coverage: number;
}

/**
 * Asks a forecast handler, as API Gateway would, at each time from `start` whose forecast can be checked; it is sent all that was
 * known then.
 * @throws when an answer is not 200
 */
export async function evaluateForecast(
  handler: LambdaHandler,
  values: Float64Array,
  start: number,
  horizon: number,
  onForecast: (done: number) => void = () => undefined,
): Promise<Evaluation> {
  let [errors, within, steps] = [0, 0, 0];
  const forecasts = values.length - horizon - start + 1;
  for (let index = 0; index < forecasts; index++) {
    const now = start + index;
    const body = JSON.stringify({ series: [...values.subarray(0, now)], horizon });
    const event = taskEvent('forecast', 'application/json', Buffer.from(body));
    const answer = await handler(event, { getRemainingTimeInMillis: () => 29_000 } as Context);
    if (answer.statusCode !== 200) throw new Error(`the forecast at ${now} got ${answer.statusCode}: ${answer.body}`);
    const { forecast, lower, upper } = JSON.parse(answer.body ?? '') as Record<
      'forecast' | 'lower' | 'upper',
      number[]
    >;
    for (let step = 0; step < horizon; step++) {
      const truth = values[now + step] as number;
      errors += Math.abs((forecast[step] as number) - truth);
      within += Number(truth >= (lower[step] as number) && truth <= (upper[step] as number));
      steps++;
    }
    onForecast(index + 1);
  }
  return { forecasts, mae: errors / steps, coverage: within / steps };
}

/** The mean absolute error of a simple forecast at the same times. */
export function baselineError(forecast: Forecaster, values: Float64Array, start: number, horizon: number): number {
  let [errors, steps] = [0, 0];
  for (let now = start; now + horizon <= values.length; now++) {
    for (const [step, value] of forecast(values.subarray(0, now), horizon).entries()) {
      errors += Math.abs(value - (values[now + step] as number));
      steps++;
    }
  }
  return errors / steps;
}

/** MASE's scale: the error of the seasonal naive one step ahead, over the values before the test (Hyndman and Koehler, 2006). */
export function naiveScale(values: Float64Array, season: number): number {
  let errors = 0;
  for (let at = season; at < values.length; at++) {
    errors += Math.abs((values[at] as number) - (values[at - season] as number));
  }
  return errors / (values.length - season);
}
