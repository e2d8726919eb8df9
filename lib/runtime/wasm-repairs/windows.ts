import type * as tf from '@tensorflow/tfjs-core';
import { backend_util } from '@tensorflow/tfjs-core';
import { stridesOf } from './own-kernel.js';
import { heapOf, type Kernel, type KernelCall } from './repair.js';

// Kernels that look for a maximum and start at the smallest positive number, so that of negative numbers they find none.

type Five = [number, number, number, number, number];
type Four = [number, number, number, number];

interface Window {
  /** Batch, depth, height, width, channels; a 2D kernel has a depth of 1. */
  readonly input: Five;
  readonly output: Five;
  readonly size: readonly [number, number, number];
  readonly strides: readonly [number, number, number];
  readonly dilations: readonly [number, number, number];
  readonly before: readonly [number, number, number];
}

/** For each element of the output, the largest of its window (plus the filter there), and its place in the input. */
function largestOf(
  { input, output, size, strides, dilations, before }: Window,
  values: ArrayLike<number>,
  filter: ArrayLike<number> | undefined,
  give: (at: number, largest: number, place: number) => void,
): void {
  const steps = stridesOf(input) as Five;
  const [batches, depths, heights, widths, channels] = output;
  const ranges = [1, 2, 3].map((axis) => input[axis] as number);
  let at = 0;
  for (let batch = 0; batch < batches; batch++)
    for (let d = 0; d < depths; d++)
      for (let h = 0; h < heights; h++)
        for (let w = 0; w < widths; w++)
          for (let channel = 0; channel < channels; channel++) {
            const corner = [d, h, w].map((out, axis) => out * (strides[axis] as number) - (before[axis] as number));
            let [largest, place] = [Number.NEGATIVE_INFINITY, -1];
            for (let tap = 0; tap < size[0] * size[1] * size[2]; tap++) {
              const offsets = [
                Math.floor(tap / (size[1] * size[2])),
                Math.floor(tap / size[2]) % size[1],
                tap % size[2],
              ];
              const position = corner.map(
                (start, axis) => start + (offsets[axis] as number) * (dilations[axis] as number),
              );
              if (position.some((value, axis) => value < 0 || value >= (ranges[axis] as number))) continue;
              const [z, y, x] = position as [number, number, number];
              const index = batch * steps[0] + z * steps[1] + y * steps[2] + x * steps[3] + channel;
              const value =
                (values[index] as number) + (filter === undefined ? 0 : (filter[tap * channels + channel] as number));
              // NaN is larger than anything, and stays.
              if (place !== -1 && !(value > largest) && !Number.isNaN(value)) continue;
              [largest, place] = [value, index];
              if (Number.isNaN(value)) break;
            }
            give(at++, largest, place);
          }
}

/** A kernel's attributes, as TF.js' functions take them on. */
type Settings = Readonly<
  Record<
    'filterSize' | 'strides' | 'pad' | 'dimRoundingMode' | 'dataFormat' | 'includeBatchInIndex' | 'dilations',
    never
  >
>;
type Pool3DInfo = ReturnType<typeof backend_util.computePool3DInfo>;
type Pool2DInfo = ReturnType<typeof backend_util.computePool2DInfo>;

export const maxPool3D =
  (): Kernel =>
  ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo;
    const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attrs as unknown as Settings;
    const info: Pool3DInfo = backend_util.computePool3DInfo(
      x.shape as Five,
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
      dataFormat ?? 'NDHWC',
    );
    const out = backend.makeOutput(info.outShape, x.dtype);
    const into = heapOf(backend, out);
    const window: Window = {
      input: x.shape as Five,
      output: info.outShape as Five,
      size: [info.effectiveFilterDepth, info.effectiveFilterHeight, info.effectiveFilterWidth],
      strides: [info.strideDepth, info.strideHeight, info.strideWidth],
      dilations: [1, 1, 1],
      before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    };
    largestOf(window, heapOf(backend, x), undefined, (at, largest) => {
      into[at] = largest;
    });
    return out;
  };

export const maxPoolWithArgmax =
  (): Kernel =>
  ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo;
    const { filterSize, strides, pad, includeBatchInIndex } = attrs as unknown as Settings;
    const info = backend_util.computePool2DInfo(x.shape as Four, filterSize, strides, [1, 1], pad);
    const values = backend.makeOutput(info.outShape, x.dtype);
    const places = backend.makeOutput(info.outShape, 'int32');
    const [into, intoPlaces] = [heapOf(backend, values), heapOf(backend, places)];
    const perImage = (x.shape as Four).slice(1).reduce((size, axis) => size * axis, 1);
    largestOf(flat(x.shape as Four, info, [1, 1]), heapOf(backend, x), undefined, (at, largest, place) => {
      into[at] = largest;
      intoPlaces[at] = includeBatchInIndex ? place : place % perImage;
    });
    return [values, places];
  };

export const dilation2D =
  (): Kernel =>
  ({ inputs, attrs, backend }: KernelCall) => {
    const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
    const { strides, pad, dilations } = attrs as unknown as Settings;
    const filterShape = filter.shape as [number, number, number];
    const info = backend_util.computeDilation2DInfo(x.shape as Four, filterShape, strides, pad, 'NHWC', dilations);
    const out = backend.makeOutput(info.outShape, x.dtype);
    const into = heapOf(backend, out);
    const window = {
      ...flat(x.shape as Four, info, [info.dilationHeight, info.dilationWidth]),
      size: [1, filterShape[0], filterShape[1]] as const,
    };
    largestOf(window, heapOf(backend, x), heapOf(backend, filter), (at, largest) => {
      into[at] = largest;
    });
    return out;
  };

function flat([batch, height, width, channels]: Four, info: Pool2DInfo, dilations: readonly [number, number]): Window {
  const [outBatch, outHeight, outWidth, outChannels] = info.outShape as Four;
  return {
    input: [batch, 1, height, width, channels],
    output: [outBatch, 1, outHeight, outWidth, outChannels],
    size: [1, info.effectiveFilterHeight, info.effectiveFilterWidth],
    strides: [1, info.strideHeight, info.strideWidth],
    dilations: [1, ...dilations],
    before: [0, info.padInfo.top, info.padInfo.left],
  };
}
