import type * as tf from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import { ownKernel } from './own-kernel.js';
import type { Kernel } from './repair.js';

// Tensors without elements, which a request can send wherever an axis is open. TF.js' kernels transpose them, which divides by
// their size and traps the module, or return what lay in the heap where their result is: numbers of earlier requests.

const isNothing = ({ shape }: tf.TensorInfo): boolean => shape.includes(0);

/** @param result of no numbers; where there is none, as of Max and Mean, it is refused. @param dtype of the result, if not the input's */
export const reduction =
  (result?: number, dtype?: tf.DataType) =>
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    if (!isNothing(x)) return original(call);
    const { axis, reductionIndices = axis, keepDims } = call.attrs as Record<string, number[]>;
    const reduced = util.parseAxisParam(reductionIndices as number[], x.shape);
    const shape = x.shape.flatMap((size, at) => (!reduced.includes(at) ? [size] : keepDims ? [1] : []));
    if (result === undefined && !shape.includes(0)) throw new RangeError(madeUp);
    return ownKernel(call.backend, shape, dtype ?? x.dtype, [], () => () => result as number);
  };

/** @param shapeOf the result's, which has as little in it */
export const moving =
  (shapeOf: (x: readonly number[], attrs: Readonly<Record<string, unknown>>) => readonly number[]) =>
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    if (!isNothing(x)) return original(call);
    return call.backend.makeOutput([...shapeOf(x.shape, call.attrs)], x.dtype);
  };

/** Kernels that may be asked to make something of nothing: they are refused that. */
export const nothingOfNothing =
  (original: Kernel): Kernel =>
  (call) => {
    if (!Object.values(call.inputs).some((input) => input !== undefined && isNothing(input))) return original(call);
    const { k } = call.attrs;
    if (typeof k === 'number' && call.inputs.x?.shape.at(-1) === 0 && k > 0) throw new RangeError(madeUp);
    const outputs = [original(call)].flat();
    if (outputs.every(isNothing)) return outputs.length === 1 ? (outputs[0] as tf.TensorInfo) : outputs;
    for (const { dataId } of outputs) call.backend.disposeData(dataId);
    throw new RangeError(madeUp);
  };

const madeUp = 'a tensor inside the network has no elements, and what follows from it would be made up';
