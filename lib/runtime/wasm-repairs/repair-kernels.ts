import * as tf from '@tensorflow/tfjs-core';
import { clipByValue, floatOnly, floorDiv, mod, pow, sign } from './arithmetic.js';
import { batchMatMul } from './batch-mat-mul.js';
import { cast } from './cast.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { givingWay } from './giving-way.js';
import { identity } from './identity.js';
import { checkedCoordinates, checkedCounts, checkedIndices, gatherV2, slice } from './indices.js';
import { oneHot, resizeNearestNeighbor, reverse, select, stridedSlice } from './moving.js';
import { choosing, clamping, ordering, refusing } from './not-a-number.js';
import { moving, nothingOfNothing, reduction } from './nothing.js';
import { type Kernel, type KernelCall, repair } from './repair.js';
import { dilation2D, maxPool3D, maxPoolWithArgmax } from './windows.js';

const shapeOf = (input: string) => (call: KernelCall) => (call.inputs[input] as tf.TensorInfo).shape;
const attribute = (name: string) => (call: KernelCall) => call.attrs[name] as readonly number[];

/** Applied in this order: what stands last is asked first. A kernel's file says what is wrong with TF.js' own. */
const repairs: readonly (readonly [kernels: string, make: (original: Kernel) => Kernel])[] = [
  ['BatchMatMul _FusedMatMul', givingWay],
  ['Cast', cast],
  ['Identity', identity],
  ['BatchMatMul', batchMatMul],
  ['_FusedMatMul', fusedMatMul],
  ['FloorDiv', floorDiv],
  ['Mod', mod],
  ['Pow', pow],
  ['Sign', sign],
  ['ClipByValue', clamping(({ clipValueMin, clipValueMax }) => [Number(clipValueMin), Number(clipValueMax)])],
  ['ClipByValue', clipByValue],
  ['Relu6', clamping(() => [0, 6])],
  ['Maximum', choosing(Math.max)],
  ['Minimum', choosing(Math.min)],
  ['Conv2D DepthwiseConv2dNative FusedConv2D FusedDepthwiseConv2D AvgPool', refusing('x')],
  ['_FusedMatMul', refusing('a')],
  ['ArgMax ArgMin TopK MaxPool', ordering],
  ['StridedSlice', stridedSlice],
  ['Reverse', reverse],
  ['Select', select],
  ['OneHot', oneHot],
  ['ResizeNearestNeighbor', resizeNearestNeighbor],
  ['MaxPool3D', maxPool3D],
  ['MaxPoolWithArgmax', maxPoolWithArgmax],
  ['Dilation2D', dilation2D],
  ['GatherNd', checkedCoordinates('indices', shapeOf('params'))],
  ['ScatterNd', checkedCoordinates('indices', attribute('shape'))],
  ['TensorScatterUpdate', checkedCoordinates('indices', shapeOf('tensor'))],
  ['SparseToDense', checkedCoordinates('sparseIndices', attribute('outputShape'))],
  ['CropAndResize', checkedIndices('boxInd', (call) => shapeOf('image')(call)[0] as number)],
  ['Bincount DenseBincount', checkedCounts],
  ['GatherV2', gatherV2],
  ['Slice', slice],
  [
    'Acos Acosh Asin Asinh Atan Atan2 Atanh Ceil Cos Cosh Elu Erf Expm1 Floor IsFinite IsInf IsNan Log Log1p ' +
      'LRN Prelu Reciprocal Rsqrt Selu Sigmoid Sin Sinh Softmax Softplus Sqrt Step Tan Tanh ' +
      'AvgPool MaxPool MaxPool3D AvgPool3D Dilation2D FusedBatchNorm Conv2D Conv3D DepthwiseConv2dNative',
    floatOnly,
  ],
  ['Max Min', reduction()],
  ['Mean', reduction(undefined, 'float32')],
  ['ArgMax ArgMin', reduction(undefined, 'int32')],
  ['Sum Any', reduction(0)],
  ['Prod All', reduction(1)],
  ['Transpose', moving((shape, { perm }) => (perm as number[]).map((axis) => shape[axis] as number))],
  ['Cumsum Cumprod', moving((shape) => shape)],
  [
    'TopK MirrorPad BatchMatMul _FusedMatMul ResizeBilinear ResizeNearestNeighbor CropAndResize ' +
      'Conv2D FusedConv2D Conv2DBackpropInput DepthwiseConv2dNative FusedDepthwiseConv2D Conv3D ' +
      'AvgPool MaxPool MaxPoolWithArgmax AvgPool3D MaxPool3D Dilation2D',
    nothingOfNothing,
  ],
];

/** For a test: a name of no kernel would repair nothing. */
export const repairedKernels: readonly string[] = repairs.flatMap(([kernels]) => kernels.split(' '));

const seen = new Set<string>();

/**
 * Replaces TF.js' wasm kernels that answer wrongly: those registered since the last call, once a process, because they are
 * registered for all.
 */
export function repairKernels(): void {
  const registered = tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName);
  const fresh = new Set(registered.filter((kernel) => !seen.has(kernel)));
  for (const [kernels, make] of repairs) {
    for (const kernel of kernels.split(' ')) if (fresh.has(kernel)) repair(kernel, make);
  }
  for (const kernel of fresh) seen.add(kernel);
}
