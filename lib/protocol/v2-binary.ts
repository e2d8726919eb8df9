import { invalidInput, ModeletError } from '../core/errors.js';
import { elementCount, formatShape, type TensorSpec } from '../core/tensor.js';
import { wireCodec } from '../core/wire-datatypes.js';
import type { HttpRequest } from './http.js';

/** Gives the length of the JSON object that the body starts with; what follows is binary tensor data. */
export const headerLengthName = 'inference-header-content-length';

/**
 * Binary tensor data extension: splits a body by its header, whatever its content type.
 * @returns the JSON object, undefined for a raw request (length 0), and the binary data after it
 * @throws INVALID_REQUEST for a header that is no length within the body
 */
export function splitBody(
  { headers }: HttpRequest,
  body: Uint8Array,
): { readonly json: Uint8Array | undefined; readonly binary: Uint8Array } {
  const header = headers.get(headerLengthName);
  if (header === null) return { json: body, binary: body.subarray(body.length) };
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= body.length)) {
    const message = `${headerLengthName}: expected the JSON object's length in bytes, at most the body's ${body.length}`;
    throw new ModeletError('INVALID_REQUEST', message);
  }
  return { json: length === 0 ? undefined : body.subarray(0, length), binary: body.subarray(length) };
}

/** The binary data of a request, taken piece by piece in the order of its inputs. */
export interface BinaryData {
  /** @throws INVALID_INPUT when fewer bytes are left */
  take(size: number, field: string): Uint8Array;
  /** @throws INVALID_INPUT when bytes are left over */
  end(): void;
}

export function binaryData(bytes: Uint8Array): BinaryData {
  let offset = 0;
  return {
    take: (size, field) => {
      const left = bytes.length - offset;
      if (size > left) {
        const follow = `only ${left} follow the JSON object, whose length ${headerLengthName} gives`;
        throw invalidInput(field, `says ${size} bytes, but ${follow}`);
      }
      offset += size;
      return bytes.subarray(offset - size, offset);
    },
    end: () => {
      if (offset === bytes.length) return;
      throw invalidInput('body', `${bytes.length - offset} bytes follow the binary data of the last input`);
    },
  };
}

/**
 * "Raw Binary Request": the shape of the only input from the number of bytes. The batch axis is 1, and one other
 * dimension may vary.
 * @throws INVALID_INPUT where that leaves no shape, or more than one
 */
export function rawShape({ datatype, shape }: TensorSpec, bytes: number): number[] {
  const [first, ...rest] = shape;
  const example = first === -1 ? [1, ...rest] : [...shape];
  if (example.filter((size) => size === -1).length > 1) {
    const expected = formatShape(shape);
    throw invalidInput('body', `raw data can't tell the shape ${expected}; send a JSON object with it before the data`);
  }
  const known = elementCount(example.map(Math.abs)) * (wireCodec(datatype).size ?? 1);
  const raw = example.map((size) => (size === -1 ? bytes / known : size));
  if (raw.every(Number.isInteger) && elementCount(raw) * (wireCodec(datatype).size ?? 1) === bytes) return raw;
  const taken = example.includes(-1) ? `a multiple of ${known}` : `${known}`;
  throw invalidInput('body', `${bytes} bytes came, ${datatype} ${formatShape(example)} takes ${taken}`);
}
