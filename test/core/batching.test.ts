import { expect, test } from '@jest/globals';
import { runExamples } from '../../lib/core/batching.js';
import { makeTensor, type Signature, type Tensors } from '../../lib/core/tensor.js';

const spec = (shape: readonly number[]) => ({ name: 'x', datatype: 'FP32' as const, shape });
const example = (...values: number[]): Tensors =>
  new Map([['x', makeTensor('FP32', [values.length], Float32Array.from(values))]]);

/** Runs examples through a model that answers its input, and tells how many went into each pass. */
async function run(shape: readonly number[], examples: readonly Tensors[], most?: number) {
  const passes: number[] = [];
  const signature: Signature = { inputs: [spec(shape)], outputs: [spec(shape)] };
  const predict = async (inputs: Tensors) => {
    passes.push(inputs.get('x')?.shape[0] ?? 0);
    return inputs;
  };
  const results = await runExamples(signature, examples, predict, most);
  return { passes, results: results.map((outputs) => [...(outputs.get('x')?.data ?? [])]) };
}

test('examples of one shape share passes, wherever they stand; each gets its own outputs', async () => {
  const examples = [example(1), example(2, 3), example(4), example(5, 6), example(7)];
  const { passes, results } = await run([-1, -1], examples);
  expect(passes).toEqual([3, 2]);
  expect(results).toEqual([[1], [2, 3], [4], [5, 6], [7]]);
});

test('no more than so many to a pass, 32 where nothing is said; one at a time where the model takes one', async () => {
  const examples = Array.from({ length: 70 }, (_, i) => example(i));
  const values = examples.map((_, i) => [i]);
  expect(await run([-1, 1], examples)).toEqual({ passes: [32, 32, 6], results: values });
  expect(await run([-1, 1], examples, 50)).toEqual({ passes: [50, 20], results: values });
  expect(await run([1, 1], examples.slice(0, 3))).toEqual({ passes: [1, 1, 1], results: values.slice(0, 3) });
});
