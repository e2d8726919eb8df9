import { invalidInput, ModeletError } from './errors.js';
import {
  fitsShape,
  formatShape,
  type Signature,
  stack,
  type Tensor,
  type TensorSpec,
  type Tensors,
  unstack,
} from './tensor.js';

/** Examples of one request that go into one forward pass at most: throughput hardly grows any more, memory does. */
const largestBatch = 32;

/** How a signature takes examples: any number at once, one at a time, or as a whole without a batch axis. */
type BatchAxis = 'any' | 'one' | 'none';

function batchAxis({ inputs }: Signature): BatchAxis {
  if (inputs.every(({ shape }) => shape[0] === -1)) return 'any';
  return inputs.every(({ shape }) => shape[0] === 1) ? 'one' : 'none';
}

/** The specs of one example: without the batch axis, where there is one. */
export function exampleSpecs(signature: Signature): readonly TensorSpec[] {
  if (batchAxis(signature) === 'none') return signature.inputs;
  return signature.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.slice(1) }));
}

/** @throws INVALID_INPUT naming the input, what came and what is expected */
export function checkInputs(specs: readonly TensorSpec[], tensors: Tensors, field: string): void {
  for (const { name, datatype, shape } of specs) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw invalidInput(field, `input '${name}' is missing`);
    if (tensor.datatype !== datatype) {
      throw invalidInput(field, `input '${name}' is ${tensor.datatype}, expected ${datatype}`);
    }
    if (!fitsShape(shape, tensor.shape)) {
      throw invalidInput(
        field,
        `input '${name}' has shape ${formatShape(tensor.shape)}, expected ${formatShape(shape)}`,
      );
    }
  }
}

/**
 * Inputs whose first axes differ in size are what some models take (queries and keys), so they are no error by themselves.
 * Where a model fails on such inputs, that is the caller's to mend, not the server's.
 * @returns the error to tell
 */
export function blameUnevenInputs(error: unknown, { inputs }: Signature, tensors: Tensors, field: string): unknown {
  const engineThrew = error instanceof ModeletError && error.code === 'INFERENCE_FAILED' && error.cause !== undefined;
  const open = inputs
    .filter(({ shape }) => shape[0] === -1)
    .map(({ name }) => ({ name, size: tensors.get(name)?.shape[0] }));
  if (!engineThrew || new Set(open.map(({ size }) => size)).size < 2) return error;
  const sizes = open.map(({ name, size }) => `${size} of '${name}'`).join(', ');
  return invalidInput(field, `the model can't take ${sizes} together; send as many of each`);
}

/**
 * Runs single examples through a model in batches and takes the outputs apart again.
 * @param examples each without the batch axis, already checked
 * @param most examples in one forward pass
 * @returns each example's outputs, without the batch axis, in the order of the examples
 */
export async function runExamples(
  signature: Signature,
  examples: readonly Tensors[],
  predict: (inputs: Tensors) => Promise<Tensors>,
  most = largestBatch,
): Promise<Tensors[]> {
  const axis = batchAxis(signature);
  const results: Tensors[] = [];
  for (const group of axis === 'any' ? sameShapes(examples) : examples.map((_, index) => [index])) {
    for (let start = 0; start < group.length; start += most) {
      const indexes = group.slice(start, start + most);
      const batch = indexes.map((index) => examples[index] as Tensors);
      const outputs =
        axis === 'none' ? [await predict(batch[0] as Tensors)] : split(await predict(join(batch)), batch.length);
      outputs.forEach((output, at) => {
        results[indexes[at] as number] = output;
      });
    }
  }
  return results;
}

/** The examples that can be stacked, by their places: all inputs of one shape (sequences may differ in length). */
function sameShapes(examples: readonly Tensors[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [index, example] of examples.entries()) {
    const shapes = [...example.values()].map(({ shape }) => shape.join()).join(';');
    const group = groups.get(shapes) ?? [];
    groups.set(shapes, group);
    group.push(index);
  }
  return [...groups.values()];
}

function join(examples: readonly Tensors[]): Tensors {
  const names = [...(examples[0] as Tensors).keys()];
  return new Map(names.map((name) => [name, stack(examples.map((example) => example.get(name) as Tensor))]));
}

function split(outputs: Tensors, count: number): Tensors[] {
  const columns = [...outputs].map(([name, output]): [string, Tensor[]] => {
    if (output.shape[0] !== count) {
      const shape = formatShape(output.shape);
      throw new ModeletError(
        'INFERENCE_FAILED',
        `output '${name}' of shape ${shape} has no row for each of ${count} instances`,
      );
    }
    return [name, unstack(output)];
  });
  return Array.from(
    { length: count },
    (_, index) => new Map(columns.map(([name, rows]) => [name, rows[index] as Tensor])),
  );
}
