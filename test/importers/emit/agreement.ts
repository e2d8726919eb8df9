import { expect } from '@jest/globals';
import { elementCount, fitsShape, makeTensor, type Tensor } from '../../../lib/core/tensor.js';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import { ndArray } from '../../../lib/importers/evaluate/array.js';
import { evaluate } from '../../../lib/importers/evaluate/evaluate.js';
import type {
  Argument,
  KerasCall,
  KerasInput,
  KerasLayer,
  KerasModel,
} from '../../../lib/importers/keras/keras-model.js';
import { runGraph } from '../run-graph.js';

type Shape = readonly number[];
type Weights = Readonly<Record<string, Shape>>;

/** Numbers between -1 and 1 which are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

export function numbers(shape: Shape, seed = 1, scale = 1): Tensor {
  const next = seeded(seed);
  return makeTensor(
    'FP32',
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => next() * scale),
  );
}

export function integers(shape: Shape, values: readonly number[]): Tensor {
  return makeTensor('INT32', shape, Int32Array.from(values));
}

/** A layer with seeded weights of these shapes. */
export function layer(
  className: string,
  config: Readonly<Record<string, unknown>> = {},
  weights: Weights = {},
): KerasLayer {
  const tensors = Object.entries(weights).map(([name, shape], index) => [name, numbers(shape, 77 + index)] as const);
  return { name: `a_${className.toLowerCase()}`, className, config, weights: new Map(tensors), children: new Map() };
}

export const input = (index: number): Argument => ({ kind: 'value', ref: { input: index } });
export const result = (call: number, output = 0): Argument => ({ kind: 'value', ref: { call, output } });
export const list = (...items: readonly Argument[]): Argument => ({ kind: 'list', items });
export const constant = (value: unknown): Argument => ({ kind: 'constant', value });

/** A use of a layer: with the given arguments, else with the model's first input. */
export function use(
  used: KerasLayer,
  args: readonly Argument[] = [input(0)],
  kwargs: Readonly<Record<string, Argument>> = {},
): KerasCall {
  return { layer: used, args, kwargs };
}

/** A model of these calls. All outputs of the last call are the model's. */
export function model(
  inputs: readonly Tensor[],
  calls: readonly KerasCall[],
  {
    shapes,
    kerasVersion = '3.15.1',
    outputs = 1,
  }: { shapes?: readonly Shape[]; kerasVersion?: string; outputs?: number } = {},
): KerasModel {
  const specs = inputs.map(
    ({ datatype, shape }, index): KerasInput => ({
      name: `in${index}`,
      datatype,
      // The batch is of any size, as in Keras.
      shape: shapes?.[index] ?? [-1, ...shape.slice(1)],
    }),
  );
  const last = calls.length - 1;
  return {
    name: 'model',
    kerasVersion,
    inputs: specs,
    calls,
    outputs: Array.from({ length: outputs }, (_, output) => ({ name: `out${output}`, value: { call: last, output } })),
  };
}

/**
 * Holds the emitted graph on both backends against the evaluator.
 * @param reference what the evaluator is given: the same model as another version of Keras would read it
 * @returns the greatest difference, relative to max(1, |value|)
 */
export async function expectAgreement(
  described: KerasModel,
  inputs: readonly Tensor[],
  tolerance = 2e-6,
  reference: KerasModel = described,
): Promise<number> {
  const graph = emitModel(described);
  const expected = evaluate(
    reference,
    inputs.map(({ shape, data }) => ndArray(shape, Float64Array.from(data))),
  );
  let worst = 0;
  for (const backend of ['cpu', 'wasm']) {
    const actual = await runGraph(graph, inputs, backend);
    expected.forEach((wanted, index) => {
      const got = actual[index] as Tensor;
      const spec = graph.signature.outputs[index] as { shape: readonly number[] };
      expect(got.shape).toEqual(wanted.shape);
      // What the emitter inferred holds at the request.
      expect([spec.shape, got.shape, fitsShape(spec.shape, got.shape)]).toEqual([spec.shape, got.shape, true]);
      wanted.data.forEach((value, place) => {
        const difference = Math.abs((got.data[place] as number) - value) / Math.max(1, Math.abs(value));
        if (!(difference <= worst)) worst = difference;
        if (!(difference <= tolerance))
          throw new Error(`${backend}: output ${index} at ${place} is ${got.data[place]}, not ${value}`);
      });
    });
  }
  return worst;
}
