import * as tf from '@tensorflow/tfjs-core';
import { wronglyPaired } from './wasm-repairs/batch-mat-mul.js';
import { denseSlice } from './wasm-repairs/moving.js';
import { mapped, stretched } from './wasm-repairs/own-kernel.js';

type Numbers = Float32Array | Int32Array | Uint8Array;

/** The part of TF.js' cpu backend that kernels use. */
interface CpuBackend {
  readSync(dataId: object): Numbers;
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: Numbers): tf.TensorInfo;
  disposeData(dataId: object): boolean;
}

interface Call {
  readonly inputs: Readonly<Record<'x' | 'a' | 'b', tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: CpuBackend;
}

type Kernel = (call: Call) => tf.TensorInfo | tf.TensorInfo[];

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

function make({ backend }: Call, shape: readonly number[], dtype: tf.DataType, element: (index: number) => number) {
  const values = new arrays[dtype as keyof typeof arrays](shape.reduce((count, size) => count * size, 1));
  for (let index = 0; index < values.length; index++) values[index] = element(index);
  return backend.makeTensorInfo(shape, dtype, values);
}

/** TF.js stops where axes are dropped and others stepped through: `x[:, ::2, 0]`. */
const stridedSlice =
  (original: Kernel): Kernel =>
  (call) => {
    const { x } = call.inputs;
    const { sizes, start, steps, finalShape, isSlice, keepsAxes } = denseSlice(x, call.attrs);
    if (isSlice || keepsAxes) return original(call);
    const [values, place] = [call.backend.readSync(x.dataId), mapped(sizes, steps, start)];
    return { ...make(call, sizes, x.dtype, (index) => values[place(index)] as number), shape: finalShape };
  };

/** TF.js calls its result int32, also of floats. */
const floorDiv =
  (original: Kernel): Kernel =>
  (call) => {
    const { a, b } = call.inputs;
    if (a.dtype !== 'float32') return original(call);
    const shape = tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
    const [atA, atB] = [stretched(a.shape, shape), stretched(b.shape, shape)];
    const [left, right] = [call.backend.readSync(a.dataId), call.backend.readSync(b.dataId)];
    return make(call, shape, a.dtype, (index) =>
      Math.floor((left[atA(index)] as number) / (right[atB(index)] as number)),
    );
  };

/** Of equal numbers TensorFlow takes the first; TF.js whichever comes up. */
const topK = (): Kernel => (call) => {
  const { x } = call.inputs;
  const count = Number(call.attrs.k);
  const width = x.shape.at(-1) as number;
  const values = call.backend.readSync(x.dataId);
  const places: number[] = [];
  for (let start = 0; start < values.length; start += width) {
    const row = Array.from({ length: width }, (_, at) => at);
    row.sort((a, b) => (values[start + b] as number) - (values[start + a] as number) || a - b);
    places.push(...row.slice(0, count));
  }
  const shape = [...x.shape.slice(0, -1), count];
  const valueAt = (index: number) => values[Math.floor(index / count) * width + (places[index] as number)] as number;
  return [make(call, shape, x.dtype, valueAt), make(call, shape, 'int32', (index) => places[index] as number)];
};

/** As on wasm (`batch-mat-mul.ts`). */
const batchMatMul =
  (original: Kernel): Kernel =>
  (call) => {
    const { inputs, backend } = call;
    const made = Object.entries(wronglyPaired(inputs.a, inputs.b)).map(([side, shape]) => {
      const from = inputs[side as 'a' | 'b'];
      const [values, place] = [backend.readSync(from.dataId), stretched(from.shape, shape)];
      return [side, make(call, shape, from.dtype, (index) => values[place(index)] as number)] as const;
    });
    try {
      return original({ ...call, inputs: { ...inputs, ...Object.fromEntries(made) } });
    } finally {
      for (const [, whole] of made) backend.disposeData(whole.dataId);
    }
  };

let done = false;

/** Replaces TF.js' cpu kernels that answer wrongly, since others are held against them; once a process. */
export function repairCpuKernels(): void {
  if (done) return;
  done = true;
  for (const [name, repair] of Object.entries({
    StridedSlice: stridedSlice,
    FloorDiv: floorDiv,
    TopK: topK,
    BatchMatMul: batchMatMul,
  })) {
    const config = tf.getKernel(name, 'cpu');
    tf.unregisterKernel(name, 'cpu');
    const kernelFunc = repair(config.kernelFunc as unknown as Kernel) as unknown as tf.KernelFunc;
    tf.registerKernel({ ...config, kernelFunc });
  }
}
