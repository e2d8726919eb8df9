import type { Datatype } from './tensor.js';

/** The whole numbers that a TensorFlow type holds, both ends included, as far as INT32 can carry them. */
export type IntegerRange = readonly [least: number, most: number];

const int32: IntegerRange = [-(2 ** 31), 2 ** 31 - 1];

/**
 * TensorFlow's types (`tensorflow/core/framework/types.proto`): number, name, and what a tensor of it is to us. The floating
 * types are computed in FP32, whole numbers travel as INT32. Text, complex numbers and resources have no place here.
 */
const table: readonly (readonly [number: number, name: string, datatype?: Datatype, range?: IntegerRange])[] = [
  [1, 'DT_FLOAT', 'FP32'],
  [2, 'DT_DOUBLE', 'FP32'],
  [3, 'DT_INT32', 'INT32', int32],
  [4, 'DT_UINT8', 'INT32', [0, 255]],
  [5, 'DT_INT16', 'INT32', [-32768, 32767]],
  [6, 'DT_INT8', 'INT32', [-128, 127]],
  [7, 'DT_STRING'],
  [8, 'DT_COMPLEX64'],
  [9, 'DT_INT64', 'INT32', int32],
  [10, 'DT_BOOL', 'BOOL'],
  [14, 'DT_BFLOAT16', 'FP32'],
  [17, 'DT_UINT16', 'INT32', [0, 65535]],
  [18, 'DT_COMPLEX128'],
  [19, 'DT_HALF', 'FP32'],
  [20, 'DT_RESOURCE'],
  [21, 'DT_VARIANT'],
];

export interface TfDatatype {
  readonly number: number;
  readonly name: string;
  /** Undefined for what modelet has no tensors of. */
  readonly datatype: Datatype | undefined;
  readonly range: IntegerRange | undefined;
}

/** A TensorFlow type by its number or its name (`DT_UINT8`); an unknown one has no datatype. */
export function tfDatatype(which: unknown): TfDatatype {
  const entry = table.find(([number, name]) => number === which || name === which);
  if (entry === undefined) return { number: 0, name: String(which), datatype: undefined, range: undefined };
  const [number, name, datatype, range] = entry;
  return { number, name, datatype, range };
}
