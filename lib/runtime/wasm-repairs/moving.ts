import type * as tf from '@tensorflow/tfjs-core';
import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { mapped, ownKernel, stretched, stridesOf } from './own-kernel.js';
import { type Kernel, type KernelCall, runKernel } from './repair.js';

// Kernels that move elements, and take every element for four bytes, or their result for float32.

/** What a StridedSlice takes: for each of the tensor's axes how many elements, from where and how far apart they lie. */
export function denseSlice({ shape }: tf.TensorInfo, attrs: KernelCall['attrs']) {
  const { begin: from, end: to, strides: by, ...masks } = attrs as Record<string, number[]>;
  const mask = (name: string) => Number(masks[`${name}Mask`] ?? 0);
  const { begin, end, strides, ...info } = slice_util.sliceInfo(
    [...shape],
    from as number[],
    to as number[],
    by as number[],
    mask('begin'),
    mask('end'),
    mask('ellipsis'),
    mask('newAxis'),
    mask('shrinkAxis'),
  );
  const own = stridesOf(shape);
  return {
    sizes: begin.map((at, axis) => Math.max(0, Math.ceil(((end[axis] as number) - at) / (strides[axis] as number)))),
    start: begin.reduce((sum, at, axis) => sum + at * (own[axis] as number), 0),
    steps: strides.map((step, axis) => step * (own[axis] as number)),
    finalShape: info.finalShape,
    /** TF.js does it as a plain slice, and rightly. */
    isSlice: info.isIdentity || info.sliceDim0 || info.isSimpleSlice,
    /** TF.js mistakes the axes where some are dropped and others stepped through. */
    keepsAxes: info.finalShapeSparse.length === shape.length,
  };
}

/** TF.js calls its result float32 whatever it is. */
export const stridedSlice =
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    const { sizes, start, steps, finalShape, isSlice, keepsAxes } = denseSlice(x, call.attrs);
    if (isSlice || (x.dtype === 'float32' && keepsAxes)) return original(call);
    const out = ownKernel(call.backend, sizes, x.dtype, [x], ([values]) => {
      const place = mapped(sizes, steps, start);
      return (index) => values?.[place(index)] as number;
    });
    out.shape = finalShape;
    return out;
  };

export const reverse =
  (original: Kernel): Kernel =>
  (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    if (x.dtype !== 'bool') return original(call);
    const axes = util.parseAxisParam(call.attrs.dims as number[], x.shape);
    const strides = stridesOf(x.shape);
    const start = axes.reduce((sum, axis) => sum + ((x.shape[axis] as number) - 1) * (strides[axis] as number), 0);
    const place = mapped(
      x.shape,
      strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
      Math.max(0, start),
    );
    return ownKernel(
      call.backend,
      x.shape,
      x.dtype,
      [x],
      ([values]) =>
        (index) =>
          values?.[place(index)] as number,
    );
  };

/** A condition of one dimension chooses rows, as in TF.js' other kernels of this name. */
export const select =
  (original: Kernel): Kernel =>
  (call) => {
    const { condition, t, e } = call.inputs as Record<'condition' | 't' | 'e', tf.TensorInfo>;
    if (t.dtype !== 'bool') return original(call);
    const byRow = condition.shape.length === 1 && t.shape.length > 1;
    const row = byRow ? util.sizeFromShape(t.shape.slice(1)) : 1;
    return ownKernel(call.backend, t.shape, t.dtype, [condition, t, e], ([chosen, yes, no]) => {
      const scalar = condition.shape.length === 0;
      return (index) => (chosen?.[scalar ? 0 : Math.floor(index / row)] === 0 ? no : yes)?.[index] as number;
    });
  };

/** TF.js writes the bits of whole numbers, whatever the result's type. Indices outside [0, depth) give a row of off-values. */
export const oneHot =
  (): Kernel =>
  ({ inputs, attrs, backend }) => {
    const indices = inputs.indices as tf.TensorInfo;
    const [depth, on, off] = [Number(attrs.depth), Number(attrs.onValue), Number(attrs.offValue)];
    const dtype = (attrs.dtype ?? 'int32') as tf.DataType;
    return ownKernel(backend, [...indices.shape, depth], dtype, [indices], ([chosen]) => (index) => {
      return chosen?.[Math.floor(index / depth)] === index % depth ? on : off;
    });
  };

/** TF.js answers float32 whatever the image is. */
export const resizeNearestNeighbor =
  (original: Kernel): Kernel =>
  (call) => {
    const images = call.inputs.images as tf.TensorInfo;
    const resized = original(call) as tf.TensorInfo;
    if (images.dtype === resized.dtype) return resized;
    const cast = runKernel(call.backend, 'Cast', { x: resized }, { dtype: images.dtype });
    call.backend.disposeData(resized.dataId);
    return cast;
  };

/** Elementwise, of two tensors stretched to each other. */
export function pairwise(
  { inputs, backend }: Parameters<Kernel>[0],
  dtype: tf.DataType,
  compute: (a: number, b: number) => number,
): tf.TensorInfo {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  const [atA, atB] = [stretched(a.shape, shape), stretched(b.shape, shape)];
  return ownKernel(backend, shape, dtype, [a, b], ([left, right]) => (index) => {
    return compute(left?.[atA(index)] as number, right?.[atB(index)] as number);
  });
}
