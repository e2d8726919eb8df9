import type { LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Signature, Tensors } from '../core/tensor.js';
import { aim, type Difference, differences, limit, worst } from './differences.js';
import type { ImportedModel, Reference } from './imported-model.js';
import { type NumberRange, proofInputs } from './proof-inputs.js';

/** Inputs and what they must give. */
export interface Example {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
}

/** Sizes for open axes beside the batch: a sequence's, then an image's. Two each, since a size may be baked in by mistake. */
const openSizes = [
  [12, 17],
  [64, 96],
  [224, 256],
] as const;

/** What FP32 and INT32 inputs are tried with, until one suits: most models, ones with logarithms, categories, flags. */
const attempts: readonly Readonly<Record<'FP32' | 'INT32' | 'BOOL', NumberRange>>[] = [
  { FP32: { kind: 'normal' }, INT32: { kind: 'whole', below: 10 }, BOOL: { kind: 'unit' } },
  { FP32: { kind: 'unit' }, INT32: { kind: 'whole', below: 10 }, BOOL: { kind: 'unit' } },
  { FP32: { kind: 'whole', below: 4 }, INT32: { kind: 'whole', below: 4 }, BOOL: { kind: 'unit' } },
  { FP32: { kind: 'whole', below: 2 }, INT32: { kind: 'whole', below: 2 }, BOOL: { kind: 'unit' } },
];

/**
 * Two examples, one instance and a batch of two, with the outputs that the model's reference computes for them. Sizes and
 * numbers are tried until the reference takes them and answers with finite numbers.
 * @throws INVALID_INPUT when none fits
 */
export async function referenceExamples(model: ImportedModel): Promise<readonly [Example, Example]> {
  const { signature, reference } = model;
  const open = signature.inputs.some(({ shape }) => shape.slice(1).includes(-1));
  let problem = 'its outputs are not finite';
  for (const [small, large] of open ? openSizes : openSizes.slice(0, 1)) {
    for (const attempt of attempts) {
      const draw = (seed: number, batch: number, size: number): Tensors =>
        proofInputs(signature.inputs, {
          seed,
          batch,
          size,
          range: (spec) => model.range(spec) ?? attempt[spec.datatype],
        });
      try {
        const first = await answered(reference, draw(1, 1, small));
        const second = await answered(reference, draw(2, 2, large));
        if (first !== undefined && second !== undefined) return [first, second];
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
  }
  throw new ModeletError(
    'INVALID_INPUT',
    `no inputs were found that the model can be tried with: ${problem}; give examples of your own with --golden`,
  );
}

async function answered(reference: Reference, inputs: Tensors): Promise<Example | undefined> {
  const outputs = await reference.predict(inputs);
  const finite = [...outputs.values()].every(({ data }) => (data as Float32Array).every(Number.isFinite));
  return finite ? { inputs, outputs } : undefined;
}

/**
 * Runs the published form on the examples and compares.
 * @param by whose values the examples hold
 * @param most what is allowed, relative to max(1, |expected|)
 * @returns the largest differences of each output
 * @throws INVALID_INPUT when one is over that
 */
export async function prove(
  model: LoadedModel,
  examples: readonly Example[],
  by: string,
  most = limit,
): Promise<Difference[]> {
  const measured: Difference[][] = [];
  for (const { inputs, outputs } of examples) measured.push(differences(await model.predict(inputs), outputs));
  const found = measured.reduce(worst);
  const wrong = found.find(({ relative }) => !(relative <= most));
  if (wrong === undefined) return found;
  throw new ModeletError(
    'INVALID_INPUT',
    `output '${wrong.name}' differs from ${by} by ${wrong.relative.toExponential(1)}, at most ${most} is allowed; ` +
      'nothing was published: if those values are of this very model, please report it',
  );
}

/** What a golden check may differ by later, on other machines and backends: the aim, unless the proof itself came near it. */
export function toleranceFor(found: readonly Difference[]): number {
  return found.every(({ relative }) => relative <= aim / 2) ? aim : limit;
}

/** The first instance alone, where all tensors have an open batch axis: a manifest holds no more than it needs. */
export function firstInstance({ inputs, outputs }: Example, signature: Signature): Example {
  const specs = [...signature.inputs, ...signature.outputs];
  if (specs.some(({ shape }) => shape[0] !== -1)) return { inputs, outputs };
  const first = (tensors: Tensors): Tensors =>
    new Map(
      [...tensors].map(([name, tensor]) => {
        const [batch = 1, ...rest] = tensor.shape;
        const data = tensor.data.slice(0, tensor.data.length / batch);
        return [name, { ...tensor, shape: [1, ...rest], data } as typeof tensor];
      }),
    );
  return { inputs: first(inputs), outputs: first(outputs) };
}
