import { elementCount } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';

/** One step of a recurrent cell: x [batch, …] and the states before it → the output and the states after it. */
export type Step = (x: NdArray, states: readonly NdArray[]) => { output: NdArray; states: readonly NdArray[] };

export interface LoopOptions {
  readonly goBackwards: boolean;
  /** [batch, time] */
  readonly mask: NdArray | undefined;
  readonly zeroOutputForMask: boolean;
}

export interface LoopResult {
  readonly last: NdArray;
  /** [batch, time, …], in the order in which they were computed. */
  readonly sequence: NdArray;
  readonly states: readonly NdArray[];
}

/**
 * Keras' `backend.rnn`: the steps one after the other, from the last to the first with `goBackwards`. Where the mask is 0 the
 * states stay, and the output is the one before it (0 at the first step), or 0 with `zeroOutputForMask`.
 * @param x [batch, time, …], at least one step
 */
export function runSteps(step: Step, x: NdArray, initial: readonly NdArray[], options: LoopOptions): LoopResult {
  const [batch = 1, time = 1] = x.shape;
  const outputs: NdArray[] = [];
  let states = initial;
  for (let i = 0; i < time; i++) {
    const t = options.goBackwards ? time - 1 - i : i;
    const next = step(timeStep(x, t), states);
    const kept = options.mask && Array.from({ length: batch }, (_, b) => options.mask?.data[b * time + t] !== 0);
    const before = options.zeroOutputForMask ? undefined : outputs.at(-1);
    outputs.push(kept === undefined ? next.output : choose(kept, next.output, before));
    states = kept === undefined ? next.states : next.states.map((state, s) => choose(kept, state, states[s]));
  }
  const last = outputs.at(-1) as NdArray;
  return { last, sequence: stackTime(outputs), states };
}

/** x[:, t] */
function timeStep(x: NdArray, t: number): NdArray {
  const [batch = 1, time = 1, ...rest] = x.shape;
  const size = elementCount(rest);
  const result = ndArray([batch, ...rest]);
  for (let b = 0; b < batch; b++) {
    const from = (b * time + t) * size;
    result.data.set(x.data.subarray(from, from + size), b * size);
  }
  return result;
}

/** For each example one or the other; 0 where there is no other. */
function choose(first: readonly boolean[], one: NdArray, other: NdArray | undefined): NdArray {
  const size = one.data.length / first.length;
  return ndArray(
    one.shape,
    one.data.map((value, i) => (first[Math.floor(i / size)] ? value : (other?.data[i] ?? 0))),
  );
}

/** Steps [batch, …] side by side along a new axis 1. */
function stackTime(steps: readonly NdArray[]): NdArray {
  const [batch = 1, ...rest] = steps[0]?.shape ?? [];
  const size = elementCount(rest);
  const result = ndArray([batch, steps.length, ...rest]);
  steps.forEach((step, t) => {
    for (let b = 0; b < batch; b++) {
      result.data.set(step.data.subarray(b * size, (b + 1) * size), (b * steps.length + t) * size);
    }
  });
  return result;
}
