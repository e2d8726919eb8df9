import { ModeletError } from '../core/errors.js';
import { createRandom } from '../core/random.js';
import { elementCount, formatShape, makeTensor, type Tensor, type TensorSpec, type Tensors } from '../core/tensor.js';

/** What numbers an input takes. */
export type NumberRange =
  /** Around zero as a normalized network's inputs are. */
  | { readonly kind: 'normal' }
  /** From 0 to 1, for models that take logarithms or roots. */
  | { readonly kind: 'unit' }
  /** Whole numbers from 0 to below this. */
  | { readonly kind: 'whole'; readonly below: number };

export interface ProofInputsOptions {
  readonly seed: number;
  /** For the first axis where it is open. */
  readonly batch: number;
  /** For other open axes: sequence lengths, image sizes. */
  readonly size: number;
  range(spec: TensorSpec): NumberRange;
}

/** More than an input of any model that a function can serve: 256 MiB. */
const mostElements = 2 ** 26;

/**
 * Seeded random inputs that fit the signature; the same on every machine.
 * @throws INVALID_INPUT for an input that is too large to be tried
 */
export function proofInputs(specs: readonly TensorSpec[], options: ProofInputsOptions): Tensors {
  const random = createRandom(options.seed);
  return new Map(specs.map((spec) => [spec.name, proofInput(spec, options, random)]));
}

function proofInput(spec: TensorSpec, { batch, size, range }: ProofInputsOptions, random: () => number): Tensor {
  const shape = spec.shape.map((known, axis) => (known !== -1 ? known : axis === 0 ? batch : size));
  const count = elementCount(shape);
  if (count > mostElements) {
    const what = `input '${spec.name}' of shape ${formatShape(spec.shape)} is too large`;
    throw new ModeletError('INVALID_INPUT', `${what}; make the model smaller`);
  }
  const wanted = range(spec);
  if (spec.datatype === 'BOOL') {
    return makeTensor(
      'BOOL',
      shape,
      Uint8Array.from({ length: count }, () => Number(random() < 0.5)),
    );
  }
  const draw = {
    // Irwin–Hall: the sum of 12 uniform numbers, −6, has variance 1 and no far tails.
    normal: () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6),
    unit: random,
    whole: () => Math.floor(random() * (wanted.kind === 'whole' ? wanted.below : 1)),
  }[wanted.kind];
  return spec.datatype === 'FP32'
    ? makeTensor('FP32', shape, Float32Array.from({ length: count }, draw))
    : makeTensor('INT32', shape, Int32Array.from({ length: count }, draw));
}
