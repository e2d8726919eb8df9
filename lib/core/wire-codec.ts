import { describeValue, invalidInput, type ModeletError } from './errors.js';

/** A tensor's elements as they cross the wire: 16-bit floats as the 32-bit floats that they are, BYTES as byte strings. */
export type WireData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly Uint8Array[];

/** Where an element stands in the request, for messages. */
export type ElementPath = (index: number) => string;

/** One datatype on the wire: in JSON, and in the binary tensor data extension. */
export interface WireCodec<Data extends WireData = WireData> {
  /** Bytes of an element in binary; undefined where each has a length of its own. */
  readonly size: number | undefined;
  /**
   * @param values flat, in row-major order
   * @throws INVALID_INPUT at the element that is not of this datatype
   */
  fromJson(values: readonly unknown[], at: ElementPath): Data;
  /** The text of a flat JSON array: a 64-bit integer keeps all its digits. */
  toJson(data: Data): string;
  /**
   * Little-endian, row-major, without padding. The result may be a view of `bytes`.
   * @param bytes of the length that `count` elements take, where they have a size
   * @throws INVALID_INPUT at the element that is not of this datatype
   */
  fromBytes(bytes: Uint8Array, count: number, at: ElementPath): Data;
  toBytes(data: Data): Uint8Array;
}

/** JSON that is no element of a numeric datatype. */
export function notANumber(value: unknown, range: string, path: string): ModeletError {
  const isNumber = typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
  return invalidInput(path, isNumber ? `expected ${range}` : `expected a number, got ${describeValue(value)}`);
}

export interface TypedArrayConstructor<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
}

/** The bytes as elements: in place where they are aligned, else copied once. */
export function elementsOf<A>(array: TypedArrayConstructor<A>, bytes: Uint8Array): A {
  const size = array.BYTES_PER_ELEMENT;
  // Not `slice`: a Buffer's makes no copy.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, aligned.length / size);
}

/** The inverse: a view, never a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
