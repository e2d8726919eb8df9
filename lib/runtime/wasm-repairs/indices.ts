import type * as tf from '@tensorflow/tfjs-core';
import { slice_util } from '@tensorflow/tfjs-core';
import { mapped, ownKernel, stridesOf } from './own-kernel.js';
import { heapOf, type Kernel, type KernelCall } from './repair.js';

// TF.js' wasm kernels read and write wherever an index points, also in the memory of other tensors; TensorFlow raises.

/** Rows of coordinates into a shape: GatherNd, ScatterNd, TensorScatterUpdate, SparseToDense. */
export const checkedCoordinates =
  (indicesName: string, shapeOf: (call: KernelCall) => readonly number[]) =>
  (original: Kernel): Kernel =>
  (call) => {
    const indices = call.inputs[indicesName] as tf.TensorInfo;
    const shape = shapeOf(call);
    // A list of single indices may come without its second axis (SparseToDense).
    const depth = indices.shape.length < 2 ? 1 : (indices.shape.at(-1) as number);
    const values = heapOf(call.backend, indices);
    for (let at = 0; at < values.length; at++) within(values[at] as number, shape[at % depth] as number);
    return original(call);
  };

/** One index an element: CropAndResize's images. */
export const checkedIndices =
  (indicesName: string, sizeOf: (call: KernelCall) => number) =>
  (original: Kernel): Kernel =>
  (call) => {
    const size = sizeOf(call);
    for (const value of heapOf(call.backend, call.inputs[indicesName] as tf.TensorInfo)) within(value, size);
    return original(call);
  };

/** The kernel itself would report a negative number as a failure of the module, which costs the model a reload. */
export const checkedCounts = checkedIndices('x', () => Number.POSITIVE_INFINITY);

export const slice =
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    const { begin, size } = call.attrs as { begin: number | number[]; size: number | number[] };
    const [from = [], sizes = []] = slice_util.parseSliceParams(x as tf.Tensor, begin, size);
    slice_util.assertParamsValid(x, from, sizes);
    return original(call);
  };

/** TF.js' own is wrong with batch dimensions, and its message repeats what came in. */
export const gatherV2 =
  (original: Kernel): Kernel =>
  (call) => {
    const { x, indices } = call.inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const batch = Number(call.attrs.batchDims ?? 0);
    const axis = (Number(call.attrs.axis) + x.shape.length) % x.shape.length;
    for (const value of heapOf(call.backend, indices)) within(value, x.shape[axis] as number);
    if (batch === 0) return original(call);
    const own = indices.shape.slice(batch);
    const shape = [...x.shape.slice(0, axis), ...own, ...x.shape.slice(axis + 1)];
    const xStrides = stridesOf(x.shape);
    const [chosen, kept] = [stridesOf(indices.shape), stridesOf(own)];
    const inOwn = (position: number) => position >= axis && position < axis + own.length;
    const toIndices = shape.map((_, at) =>
      at < batch ? (chosen[at] as number) : inOwn(at) ? (kept[at - axis] as number) : 0,
    );
    const toX = shape.map((_, at) =>
      at < axis ? (xStrides[at] as number) : inOwn(at) ? 0 : (xStrides[at - own.length + 1] as number),
    );
    return ownKernel(call.backend, shape, x.dtype, [x, indices], ([values, places]) => {
      const [where, base] = [mapped(shape, toIndices, 0), mapped(shape, toX, 0)];
      const step = xStrides[axis] as number;
      return (index) => values?.[base(index) + (places?.[where(index)] as number) * step] as number;
    });
  };

function within(index: number, size: number): void {
  // Which one is not said: it is the caller's, and messages are logged.
  if (!(index >= 0 && index < size)) throw new RangeError(`an index is not in [0, ${size}); look at the input`);
}
