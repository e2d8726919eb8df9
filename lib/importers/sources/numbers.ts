import { makeTensor, type Tensor } from '../../core/tensor.js';
import { badSource } from './bad-source.js';

/** How numbers lie in a file, little-endian. */
export interface NumberFormat {
  readonly kind: 'float' | 'bfloat' | 'integer' | 'unsigned';
  /** Bytes of one number. */
  readonly size: number;
}

/**
 * Numbers of any width as float32, or int32 where they are integers.
 * @throws INVALID_INPUT for widths that no Keras writes
 */
export function readNumbers(name: string, shape: readonly number[], format: NumberFormat, bytes: Uint8Array): Tensor {
  const reader = readers.get(`${format.kind}${format.size * 8}`);
  if (reader === undefined) {
    throw badSource(`weight '${name}' has ${format.size * 8}-bit numbers of a kind unknown here`, 'save it as float32');
  }
  const count = bytes.length / format.size;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format.kind === 'float' || format.kind === 'bfloat') {
    if (format.size === 4) return makeTensor('FP32', shape, new Float32Array(new Uint8Array(bytes).buffer));
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = reader(view, i * format.size);
    return makeTensor('FP32', shape, data);
  }
  const data = new Int32Array(count);
  for (let i = 0; i < count; i++) data[i] = Math.min(Math.max(reader(view, i * format.size), -(2 ** 31)), 2 ** 31 - 1);
  return makeTensor('INT32', shape, data);
}

type Reader = (view: DataView, offset: number) => number;

const readers = new Map<string, Reader>([
  ['float16', (view, at) => halfToNumber(view.getUint16(at, true))],
  ['float32', (view, at) => view.getFloat32(at, true)],
  ['float64', (view, at) => view.getFloat64(at, true)],
  // The upper half of a float32.
  ['bfloat16', (view, at) => bfloatToNumber(view.getUint16(at, true))],
  ['integer8', (view, at) => view.getInt8(at)],
  ['integer16', (view, at) => view.getInt16(at, true)],
  ['integer32', (view, at) => view.getInt32(at, true)],
  ['integer64', (view, at) => Number(view.getBigInt64(at, true))],
  ['unsigned8', (view, at) => view.getUint8(at)],
  ['unsigned16', (view, at) => view.getUint16(at, true)],
  ['unsigned32', (view, at) => view.getUint32(at, true)],
  ['unsigned64', (view, at) => Number(view.getBigUint64(at, true))],
]);

const word = new DataView(new ArrayBuffer(4));

function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits * 65536);
  return word.getFloat32(0);
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
