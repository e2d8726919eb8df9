import { invalidInput, ModeletError } from '../core/errors.js';
import {
  arrayOf,
  type Datatype,
  fitsShape,
  formatShape,
  makeTensor,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from '../core/tensor.js';
import type { IntegerRange } from '../core/tf-datatypes.js';

/** One model in the hands of one backend, which is TF.js' current one whenever `run` is called. */
export interface Runner {
  /** The outputs in the signature's order, checked. A promise only where the model can't be run otherwise. */
  run(inputs: Tensors): Tensor[] | Promise<Tensor[]>;
  dispose(): void;
}

/** TF.js' names for our datatypes. */
export const tfjsDtypes = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const satisfies Record<Datatype, string>;

/** The square of anything larger overflows FP32. */
const largestInput = 2 ** 64;

/**
 * Refuses input that a network can't be given as it is. Where FP32 overflows inside a network, Infinity − Infinity is NaN, and
 * the clamps of TF.js' wasm kernels (relu, pooling) turn NaN into a number: a made-up answer that no check of the output can tell.
 * @param range of the TensorFlow type that travels as INT32, where it is narrower
 * @throws INVALID_INPUT
 */
export function checkInput(name: string, { datatype, data }: Tensor, range?: IntegerRange): void {
  if (datatype === 'FP32') {
    for (let index = 0; index < data.length; index++) {
      if (Math.abs(data[index] as number) <= largestInput) continue;
      throw invalidInput(name, 'holds NaN or a number over 1.8e19, whose square FP32 has no room for; scale the input');
    }
  } else if (datatype === 'INT32' && range !== undefined) {
    const [least, most] = range;
    for (let index = 0; index < data.length; index++) {
      const value = data[index] as number;
      if (value < least || value > most)
        throw invalidInput(name, `holds ${value}; the model takes ${least} to ${most}`);
    }
  }
}

/**
 * An output as the signature says it.
 * @throws INFERENCE_FAILED when it is another, or holds NaN or Infinity: JSON has no word for them, and a model that says them
 *   has no answer
 */
export function checkedOutput(
  { name, datatype, shape }: TensorSpec,
  found: { readonly dtype: string; readonly shape: readonly number[]; readonly data: ArrayLike<number> },
): Tensor {
  if (!fitsShape(shape, found.shape) || found.dtype !== tfjsDtypes[datatype]) {
    const expected = `${datatype} ${formatShape(shape)}`;
    throw failed(`output '${name}' is ${found.dtype} ${formatShape(found.shape)}, the signature says ${expected}`);
  }
  if (datatype === 'FP32' && !allFinite(found.data)) {
    throw failed(`output '${name}' holds NaN or Infinity for this input`);
  }
  return makeTensor(datatype, found.shape, typed(datatype, found.data));
}

/** TF.js' cpu backend keeps some results in another kind of array than their dtype says. */
function typed(datatype: Datatype, data: ArrayLike<number>): Tensor['data'] {
  return data instanceof arrayOf[datatype] ? (data as Tensor['data']) : arrayOf[datatype].from(data);
}

/** A plain loop: `every` calls a function an element, ten times as slow. */
function allFinite(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

export function failed(message: string, cause?: unknown): ModeletError {
  return new ModeletError('INFERENCE_FAILED', message, { cause });
}

/** Whoever asks a model that is not usable any more. */
export function reloading(): ModeletError {
  return new ModeletError('MODEL_UNAVAILABLE', 'the model is being loaded again');
}

export function outOfMemory(cause: unknown): ModeletError {
  const message = 'the model ran out of memory or trapped, so its answer is not given; send fewer or smaller instances';
  return new ModeletError('MODEL_UNAVAILABLE', message, { cause });
}

export function firstLine(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause).split('\n', 1)[0] ?? '';
}
