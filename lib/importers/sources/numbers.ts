import { makeTensor, type Tensor } from '../../core/tensor.js';
import { badSource } from './bad-source.js';

/** How numbers lie in a file, little-endian. */
export interface NumberFormat {
  readonly kind: 'float' | 'bfloat' | 'integer' | 'unsigned';
  /** Bytes of one number. */
  readonly size: number;
}

type Numbers = ArrayLike<number>;

/** By kind and bits. Typed arrays read as the machine does, and all that Node.js runs on is little-endian. */
const views = new Map<string, (buffer: ArrayBuffer) => Numbers>([
  ['float16', (buffer) => converted(new Uint16Array(buffer), halfToNumber)],
  ['float32', (buffer) => new Float32Array(buffer)],
  ['float64', (buffer) => new Float64Array(buffer)],
  ['bfloat16', (buffer) => upperHalves(new Uint16Array(buffer))],
  ['integer8', (buffer) => new Int8Array(buffer)],
  ['integer16', (buffer) => new Int16Array(buffer)],
  ['integer32', (buffer) => new Int32Array(buffer)],
  ['integer64', (buffer) => Float64Array.from(new BigInt64Array(buffer), Number)],
  ['unsigned8', (buffer) => new Uint8Array(buffer)],
  ['unsigned16', (buffer) => new Uint16Array(buffer)],
  ['unsigned32', (buffer) => new Uint32Array(buffer)],
  ['unsigned64', (buffer) => Float64Array.from(new BigUint64Array(buffer), Number)],
]);

/**
 * Numbers of any width as float32, or as int32 where they are integers (the nearest, where they reach further).
 * @throws INVALID_INPUT for widths that no Keras writes
 */
export function readNumbers(name: string, shape: readonly number[], format: NumberFormat, bytes: Uint8Array): Tensor {
  const numbers = readView(name, format, bytes);
  if (format.kind === 'float' || format.kind === 'bfloat') {
    return makeTensor('FP32', shape, numbers instanceof Float32Array ? numbers : new Float32Array(numbers));
  }
  if (format.size < 4 || numbers instanceof Int32Array) return makeTensor('INT32', shape, new Int32Array(numbers));
  return makeTensor(
    'INT32',
    shape,
    Int32Array.from(numbers, (value) => Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1)),
  );
}

/** scale · q + min in float32, which is how TF.js stores weights in fewer bits. */
export function dequantize(
  name: string,
  format: NumberFormat,
  bytes: Uint8Array,
  { scale, min }: { readonly scale: number; readonly min: number },
): Float32Array<ArrayBuffer> {
  const numbers = readView(name, format, bytes);
  const data = new Float32Array(numbers.length);
  for (let i = 0; i < data.length; i++) data[i] = (numbers[i] as number) * scale + min;
  return data;
}

/** A copy, so that it is aligned, and holds nothing of the file around it. */
function readView(name: string, { kind, size }: NumberFormat, bytes: Uint8Array): Numbers {
  const view = views.get(`${kind}${size * 8}`);
  if (view === undefined) {
    throw badSource(`weight '${name}' has ${size * 8}-bit numbers of a kind unknown here`, 'save it as float32');
  }
  return view(new Uint8Array(bytes).buffer);
}

function converted(bits: Uint16Array, toNumber: (bits: number) => number): Float32Array {
  const data = new Float32Array(bits.length);
  for (let i = 0; i < data.length; i++) data[i] = toNumber(bits[i] as number);
  return data;
}

/** A bfloat16 is the upper half of a float32. */
function upperHalves(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < words.length; i++) words[i] = (bits[i] as number) * 65536;
  return new Float32Array(words.buffer);
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
