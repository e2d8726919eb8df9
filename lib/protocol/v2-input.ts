import { describeValue, invalidInput } from '../core/errors.js';
import { flatten, maxRank, nestedPath } from '../core/nested-numbers.js';
import { elementCount, fitsShape, formatShape, type Tensor, type TensorSpec } from '../core/tensor.js';
import { isConvertible, isWireDatatype, type WireDatatype, wireCodec, wireCodecs } from '../core/wire-datatypes.js';
import { tensorFromWire } from '../core/wire-tensor.js';
import { type BinaryData, rawShape } from './v2-binary.js';
import { binaryDataSize, parseParameters } from './v2-parameters.js';

/**
 * `$request_input`, whose name is the spec's: its data in JSON, or the next piece of the binary data.
 * @throws INVALID_INPUT naming the field, what came and what is expected
 */
export function parseInput(
  input: Readonly<Record<string, unknown>>,
  spec: TensorSpec,
  binary: BinaryData,
  field: string,
): Tensor {
  const datatype = parseDatatype(input.datatype, spec, `${field}.datatype`);
  const shape = parseShape(input.shape, spec, `${field}.shape`);
  const parameters = `${field}.parameters`;
  const size = binaryDataSize(parseParameters(input.parameters, parameters), parameters);
  const data = input.data ?? undefined;
  if ((size === undefined) === (data === undefined)) {
    const came = size === undefined ? 'neither' : 'both';
    throw invalidInput(field, `expected either data or parameters.binary_data_size, got ${came}`);
  }
  if (size === undefined) return fromJson(datatype, shape, data, spec, `${field}.data`);

  const count = elementCount(shape);
  const elementSize = wireCodec(datatype).size;
  if (elementSize !== undefined && elementSize * count !== size) {
    const taken = `${datatype} ${formatShape(shape)} takes ${elementSize * count}`;
    throw invalidInput(`${parameters}.binary_data_size`, `says ${size} bytes, but ${taken}`);
  }
  return fromBytes(datatype, shape, binary.take(size, `${parameters}.binary_data_size`), spec, `${field}.binary_data`);
}

/** The only input of a raw request: nothing but its elements. @throws INVALID_INPUT */
export function parseRawInput(spec: TensorSpec, bytes: Uint8Array): Tensor {
  return fromBytes(spec.datatype, rawShape(spec, bytes.length), bytes, spec, 'body');
}

function fromJson(
  datatype: WireDatatype,
  shape: readonly number[],
  value: unknown,
  spec: TensorSpec,
  field: string,
): Tensor {
  if (!Array.isArray(value)) throw invalidInput(field, `expected an array, got ${describeValue(value)}`);
  // "Tensor Data": nested as the shape is, or flat.
  const nested = Array.isArray(value[0]);
  const values = nested ? flatten(value, shape, field) : value;
  if (values.length !== elementCount(shape)) {
    const holds = `shape ${formatShape(shape)} holds ${elementCount(shape)}`;
    throw invalidInput(field, `${values.length} elements came, but ${holds}`);
  }
  const at = nested ? nestedPath(field, shape) : (index: number) => `${field}[${index}]`;
  const data = wireCodec(datatype).fromJson(values, at);
  return tensorFromWire({ datatype, shape, data }, spec.datatype, at);
}

function fromBytes(
  datatype: WireDatatype,
  shape: readonly number[],
  bytes: Uint8Array,
  spec: TensorSpec,
  field: string,
): Tensor {
  const at = (index: number) => `${field}[${index}]`;
  const data = wireCodec(datatype).fromBytes(bytes, elementCount(shape), at);
  return tensorFromWire({ datatype, shape, data }, spec.datatype, at);
}

function parseDatatype(datatype: unknown, spec: TensorSpec, field: string): WireDatatype {
  if (!isWireDatatype(datatype)) {
    const known = Object.keys(wireCodecs).join(', ');
    throw invalidInput(field, `is none of ${known}; ${spec.datatype} is expected`);
  }
  if (isConvertible(datatype, spec.datatype)) return datatype;
  throw invalidInput(field, `${datatype} came, ${spec.datatype} is expected`);
}

function parseShape(shape: unknown, spec: TensorSpec, field: string): readonly number[] {
  if (!Array.isArray(shape)) throw invalidInput(field, `expected an array of sizes, got ${describeValue(shape)}`);
  const expected = `${formatShape(spec.shape)} is expected`;
  if (shape.length > maxRank) throw invalidInput(field, `${shape.length} dimensions came, ${expected}`);
  const wrong = shape.findIndex((size) => !Number.isSafeInteger(size) || size < 0);
  if (wrong !== -1) throw invalidInput(`${field}[${wrong}]`, 'must be a whole number of 0 or more');
  if (!fitsShape(spec.shape, shape)) throw invalidInput(field, `${formatShape(shape)} came, ${expected}`);
  if (!Number.isSafeInteger(elementCount(shape))) throw invalidInput(field, 'holds more elements than any tensor');
  return shape;
}
