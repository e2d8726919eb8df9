import { elementCount, makeTensor, type Tensor } from '../../core/tensor.js';
import { badSource } from './bad-source.js';
import { asArray, asCount, asObject, asText, isObject, type Json } from './json.js';
import { maxFileBytes } from './limits.js';
import { dequantize, type NumberFormat, readNumbers } from './numbers.js';
import type { StoredWeight } from './stored-weight.js';

/** A weight as a TF.js weights manifest describes it. */
export interface ManifestWeight extends StoredWeight {
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale: number; readonly min: number };
  /** Where its bytes begin in its group's shards, laid end to end. */
  readonly offset: number;
  readonly bytes: number;
}

/** Bytes of one number as they are stored. */
const formats: Readonly<Record<string, NumberFormat>> = {
  float32: { kind: 'float', size: 4 },
  float16: { kind: 'float', size: 2 },
  int32: { kind: 'integer', size: 4 },
  uint8: { kind: 'unsigned', size: 1 },
  uint16: { kind: 'unsigned', size: 2 },
  bool: { kind: 'unsigned', size: 1 },
};

/**
 * A manifest's list of weights, laid out one after the other.
 * @throws INVALID_INPUT for kinds of numbers that TF.js does not write, and names that are there twice
 */
export function readManifestWeights(value: unknown, taken: Set<string>): ManifestWeight[] {
  let offset = 0;
  return asArray(value, "the manifest's weights").map((item) => {
    const entry = asObject(item, 'a weight of the manifest');
    const name = asText(entry.name, "a weight's name");
    if (taken.has(name)) throw badSource(`the weight '${name}' is in the manifest twice`, 'convert the model again');
    taken.add(name);
    const shape = asArray(entry.shape, `the shape of the weight '${name}'`).map((size) => asCount(size, 'a size'));
    const dtype = asText(entry.dtype, `the dtype of the weight '${name}'`);
    const stated = isObject(entry.quantization) ? entry.quantization : undefined;
    const quantization = stated && quantizationOf(name, stated);
    const format = formatOf(name, quantization?.dtype ?? dtype);
    const bytes = elementCount(shape) * format.size;
    if (!(offset + bytes <= maxFileBytes)) {
      throw badSource(`the weight '${name}' declares ${bytes} bytes`, 'models up to 2 GiB can be imported');
    }
    offset += bytes;
    return { name, shape, dtype, ...(quantization && { quantization }), offset: offset - bytes, bytes };
  });
}

/** float16 needs no more than its name; whole numbers mean nothing without their steps. */
function quantizationOf(name: string, stated: Json): NonNullable<ManifestWeight['quantization']> {
  const { scale, min } = stated;
  const dtype = asText(stated.dtype, `the quantization of '${name}'`);
  if (dtype === 'float16') return { dtype, scale: 1, min: 0 };
  if (typeof scale !== 'number' || typeof min !== 'number') {
    throw badSource(`the quantization of '${name}' lacks its scale or min`, 'convert the model again');
  }
  return { dtype, scale, min };
}

function formatOf(name: string, dtype: string): NumberFormat {
  const format = Object.hasOwn(formats, dtype) ? formats[dtype] : undefined;
  if (format === undefined) throw badSource(`the weight '${name}' holds ${dtype}`, 'models of numbers can be imported');
  return format;
}

/**
 * A weight's numbers: dequantized as scale · q + min in float32, as TF.js does it.
 * @param group the bytes of the weight's group
 */
export function decodeWeight(weight: ManifestWeight, group: Uint8Array): Tensor {
  const { name, shape, dtype, quantization, offset, bytes } = weight;
  const stored = group.subarray(offset, offset + bytes);
  const format = formatOf(name, quantization?.dtype ?? dtype);
  if (quantization !== undefined && quantization.dtype !== 'float16') {
    const data = dequantize(name, format, stored, quantization);
    return dtype === 'int32'
      ? makeTensor('INT32', shape, Int32Array.from(data, Math.round))
      : makeTensor('FP32', shape, data);
  }
  const tensor = readNumbers(name, shape, format, stored);
  if (dtype !== 'bool') return tensor;
  return makeTensor(
    'BOOL',
    shape,
    Uint8Array.from(tensor.data, (value) => (value === 0 ? 0 : 1)),
  );
}
