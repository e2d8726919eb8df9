import { describeValue, invalidInput } from './errors.js';
import {
  bytesOf,
  type ElementPath,
  elementsOf,
  notANumber,
  type TypedArrayConstructor,
  type WireCodec,
} from './wire-codec.js';

/** BOOL: JSON's true and false; in binary a byte that is 1 or 0, and nothing else. */
export const booleans: WireCodec<Uint8Array> = {
  size: 1,
  fromJson: (values, at) => {
    const data = new Uint8Array(values.length);
    for (let index = 0; index < data.length; index++) {
      const value = values[index];
      if (typeof value !== 'boolean')
        throw invalidInput(at(index), `expected true or false, got ${describeValue(value)}`);
      data[index] = value ? 1 : 0;
    }
    return data;
  },
  toJson: (data) => `[${Array.from(data, (value) => value !== 0)}]`,
  fromBytes: (bytes, _count, at) => {
    for (let index = 0; index < bytes.length; index++) {
      if ((bytes[index] as number) > 1) throw invalidInput(at(index), 'expected a byte of 0 or 1');
    }
    return bytes;
  },
  toBytes: (data) => data,
};

type Integers = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

/** Whole numbers of up to 32 bits. */
export function integers<A extends Integers>(name: string, array: TypedArrayConstructor<A>): WireCodec<A> {
  return {
    size: array.BYTES_PER_ELEMENT,
    fromJson: (values, at) => {
      const data = new array(values.length);
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        // What doesn't fit is cut or wraps around when it is stored, and so is no longer what came.
        if (typeof value === 'number') data[index] = value;
        if (data[index] !== value) throw notANumber(value, `a whole number of ${name}'s range`, at(index));
      }
      return data;
    },
    toJson: (data) => JSON.stringify(Array.from(data)),
    fromBytes: (bytes) => elementsOf(array, bytes),
    toBytes: bytesOf,
  };
}

/** Whole numbers of 64 bits. JSON's numbers are exact below 2^53; beyond, the element must be a BigInt by now. */
export function bigIntegers<A extends BigInt64Array | BigUint64Array>(
  name: string,
  array: TypedArrayConstructor<A>,
): WireCodec<A> {
  return {
    size: array.BYTES_PER_ELEMENT,
    fromJson: (values, at) => {
      const data = new array(values.length);
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        const exact = Number.isSafeInteger(value) ? BigInt(value as number) : value;
        if (typeof exact === 'bigint') data[index] = exact;
        if (data[index] !== exact) throw notANumber(value, `a whole number of ${name}'s range, in digits`, at(index));
      }
      return data;
    },
    toJson: (data) => `[${data.join()}]`,
    fromBytes: (bytes) => elementsOf(array, bytes),
    toBytes: bytesOf,
  };
}

/** FP32 rounds a JSON number to the nearest; FP64 holds every JSON number there is. */
export function floats<A extends Float32Array | Float64Array>(
  name: string,
  array: TypedArrayConstructor<A>,
): WireCodec<A> {
  return {
    size: array.BYTES_PER_ELEMENT,
    fromJson: (values, at) => {
      const data = new array(values.length);
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        data[index] = typeof value === 'number' ? value : Number.NaN;
        if (!Number.isFinite(data[index])) throw notANumber(value, `a number within ${name}'s range`, at(index));
      }
      return data;
    },
    toJson: (data) => JSON.stringify(Array.from(data)),
    fromBytes: (bytes, _count, at) => finite(elementsOf(array, bytes), at),
    toBytes: bytesOf,
  };
}

/** JSON has no word for NaN and Infinity; binary is held to the same, so that a request means one thing in both. */
export function finite<A extends Float32Array | Float64Array>(data: A, at: ElementPath): A {
  for (let index = 0; index < data.length; index++) {
    if (!Number.isFinite(data[index])) throw invalidInput(at(index), `expected a number, got ${data[index]}`);
  }
  return data;
}
