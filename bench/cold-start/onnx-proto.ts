// The few messages of ONNX' protobuf (onnx/onnx.proto, IR version 9) that the measured networks need; numbers are the fields'
// as that file has them.
import { Buffer } from 'node:buffer';

/** A message's fields, encoded. */
export type Message = readonly Buffer[];

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  /** An output that nobody reads is ''; the node bears the last one's name. */
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
}

const elementType = { float: 1, int32: 6, int64: 7 } as const;
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const int = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)]);

function bytes(field: number, content: Uint8Array | string | Message): Buffer {
  const body = Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content as Uint8Array);
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
}

function float(field: number, value: number): Buffer {
  const four = Buffer.alloc(4);
  four.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), four]);
}

/** A whole number is an int; ONNX' float attributes here are named, as `6` may be either. */
const floatAttributes = new Set(['min', 'max', 'alpha', 'beta', 'epsilon']);

function attribute(name: string, value: number | string | readonly number[]): Message {
  if (typeof value === 'string') return [bytes(1, name), bytes(4, value), int(20, attributeType.string)];
  if (typeof value !== 'number') {
    return [bytes(1, name), ...value.map((each) => int(8, each)), int(20, attributeType.ints)];
  }
  if (floatAttributes.has(name)) return [bytes(1, name), float(2, value), int(20, attributeType.float)];
  return [bytes(1, name), int(3, value), int(20, attributeType.int)];
}

export function node({ op, inputs, outputs, attributes = {} }: OnnxNode): Message {
  const named = Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value)));
  const ends = [...inputs.map((input) => bytes(1, input)), ...outputs.map((output) => bytes(2, output))];
  return [...ends, bytes(3, outputs.at(-1) ?? ''), bytes(4, op), ...named];
}

/** A constant: FLOAT of a Float32Array, INT64 of a BigInt64Array. */
export function initializer(name: string, shape: readonly number[], values: Float32Array | BigInt64Array): Message {
  const type = values instanceof Float32Array ? elementType.float : elementType.int64;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [...shape.map((size) => int(1, size)), int(2, type), bytes(8, name), bytes(9, raw)];
}

/** An input or output of the graph; -1 is any size. */
export function valueInfo(name: string, type: 'float' | 'int32', shape: readonly number[]): Message {
  const dims = shape.map((size) => bytes(1, size === -1 ? [bytes(2, 'N')] : [int(1, size)]));
  return [bytes(1, name), bytes(2, [bytes(1, [int(1, elementType[type]), bytes(2, dims)])])];
}

export function model(graph: {
  readonly nodes: readonly Message[];
  readonly initializers: readonly Message[];
  readonly input: Message;
  readonly output: Message;
}): Uint8Array {
  const fields = [
    ...graph.nodes.map((each) => bytes(1, each)),
    bytes(2, 'network'),
    ...graph.initializers.map((each) => bytes(5, each)),
    bytes(11, graph.input),
    bytes(12, graph.output),
  ];
  const opset = [bytes(1, ''), int(2, 13)];
  return Buffer.concat([int(1, 8), bytes(2, 'modelet bench'), bytes(7, fields), bytes(8, opset)]);
}
