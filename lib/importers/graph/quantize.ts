import { ModeletError } from '../../core/errors.js';
import type { Tensor } from '../../core/tensor.js';
import { binary16, nearest } from '../../core/wire-half-floats.js';

/** How kernels are stored: half the bytes, or a quarter. They are float32 again once they are loaded. */
export const quantizations = ['float16', 'uint8'] as const;
export type Quantization = (typeof quantizations)[number];

/** A weight as `model.json` lists it (TF.js' WeightsManifestEntry), with its bytes. */
export interface StoredWeight {
  readonly spec: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: 'float32' | 'int32' | 'bool';
    readonly quantization?: { readonly dtype: Quantization; readonly min?: number; readonly scale?: number };
  };
  readonly bytes: Uint8Array;
}

/** Smaller tensors (biases, scales) stay as they are: they hardly take room, and their errors would be everywhere. */
const smallest = 256;

const dtypes = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;

/** @throws INVALID_INPUT for weights that float16 has no room for */
export function storeWeight(name: string, tensor: Tensor, quantization?: Quantization): StoredWeight {
  const { datatype, shape, data } = tensor;
  const spec = { name, shape, dtype: dtypes[datatype] };
  if (quantization === undefined || !(data instanceof Float32Array) || shape.length < 2 || data.length < smallest) {
    return { spec, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  }
  return quantization === 'float16' ? toHalf(spec, data) : toBytes(spec, data);
}

function toHalf(spec: StoredWeight['spec'], data: Float32Array): StoredWeight {
  const halves = Uint16Array.from(data, (value) => binary16.toBits(nearest(value, binary16)));
  if (data.some((value) => nearest(Math.abs(value), binary16) > binary16.largest)) {
    throw new ModeletError('INVALID_INPUT', `weight '${spec.name}' holds numbers over 65504; publish without float16`);
  }
  return { spec: { ...spec, quantization: { dtype: 'float16' } }, bytes: new Uint8Array(halves.buffer) };
}

/** value ≈ byte · scale + min, with zero exactly on a step, as padding and pruned weights need it. */
function toBytes(spec: StoredWeight['spec'], data: Float32Array): StoredWeight {
  let low = 0;
  let high = 0;
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = (high - low) / 255 || 1;
  const zero = Math.round(-low / scale);
  const bytes = Uint8Array.from(data, (value) => Math.min(255, Math.max(0, Math.round(value / scale) + zero)));
  return { spec: { ...spec, quantization: { dtype: 'uint8', scale, min: -zero * scale } }, bytes };
}
