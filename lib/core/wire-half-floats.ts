import { elementsOf, notANumber, type WireCodec } from './wire-codec.js';
import { finite } from './wire-numbers.js';

/** One of the two 16-bit formats. Its numbers live in a Float32Array, which holds each exactly. */
interface HalfFloat {
  /** Bits of the fraction; the leading one comes on top. */
  readonly fraction: number;
  /** The smallest exponent; below it steps get no finer (subnormal numbers). */
  readonly lowest: number;
  readonly largest: number;
  fromBits(bits: number): number;
  /** Of a number that the format has. */
  toBits(value: number): number;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);
const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/** The whole part of log2 |value|; at most -1023 for 0. */
function exponentOf(value: number): number {
  double[0] = value;
  return (((doubleWords[1] as number) >>> 20) & 0x7ff) - 1023;
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
export const binary16: HalfFloat = {
  fraction: 10,
  lowest: -14,
  largest: 65_504,
  fromBits: (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  },
  toBits: (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const exponent = exponentOf(value);
    const magnitude = Math.abs(value);
    if (exponent < -14) return sign | (magnitude * 2 ** 24);
    return sign | ((exponent + 15) << 10) | (magnitude * 2 ** (10 - exponent) - 1024);
  },
};

/** bfloat16: the upper half of a 32-bit float. */
export const bfloat16: HalfFloat = {
  fraction: 7,
  lowest: -126,
  largest: 255 * 2 ** 120,
  fromBits: (bits) => {
    floatBits[0] = bits << 16;
    return float[0] as number;
  },
  toBits: (value) => {
    float[0] = value;
    return (floatBits[0] as number) >>> 16;
  },
};

/** The nearest number of the format, ties to even; beyond `largest` it has none. */
export function nearest(value: number, { fraction, lowest }: HalfFloat): number {
  const step = 2 ** (Math.max(exponentOf(value), lowest) - fraction);
  // 1.5 × 2^52 steps: a double of that size has no finer bits, so that the sum itself rounds.
  const shift = step * 6_755_399_441_055_744;
  const magnitude = Math.abs(value) + shift - shift;
  return value < 0 || Object.is(value, -0) ? -magnitude : magnitude;
}

/** FP16 and BF16. JSON numbers round to the nearest, as they do for FP32. */
export function halfFloats(name: string, format: HalfFloat): WireCodec<Float32Array> {
  return {
    size: 2,
    fromJson: (values, at) => {
      const data = new Float32Array(values.length);
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        const rounded = typeof value === 'number' ? nearest(value, format) : Number.NaN;
        // Not `>`: NaN is no number either.
        if (!(Math.abs(rounded) <= format.largest)) {
          throw notANumber(value, `a number within ${name}'s range`, at(index));
        }
        data[index] = rounded;
      }
      return data;
    },
    toJson: (data) => JSON.stringify(Array.from(data)),
    fromBytes: (bytes, _count, at) => finite(Float32Array.from(elementsOf(Uint16Array, bytes), format.fromBits), at),
    toBytes: (data) => new Uint8Array(Uint16Array.from(data, format.toBits).buffer),
  };
}
