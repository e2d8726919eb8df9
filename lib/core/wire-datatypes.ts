import type { Datatype } from './tensor.js';
import { byteStrings } from './wire-bytes.js';
import type { WireCodec } from './wire-codec.js';
import { bfloat16, binary16, halfFloats } from './wire-half-floats.js';
import { bigIntegers, booleans, floats, integers } from './wire-numbers.js';

/** Open Inference Protocol V2, "Tensor Data Types": all there are. Engines know three of them (`Datatype`). */
export const wireCodecs = {
  BOOL: booleans,
  UINT8: integers('UINT8', Uint8Array),
  UINT16: integers('UINT16', Uint16Array),
  UINT32: integers('UINT32', Uint32Array),
  UINT64: bigIntegers('UINT64', BigUint64Array),
  INT8: integers('INT8', Int8Array),
  INT16: integers('INT16', Int16Array),
  INT32: integers('INT32', Int32Array),
  INT64: bigIntegers('INT64', BigInt64Array),
  FP16: halfFloats('FP16', binary16),
  FP32: floats('FP32', Float32Array),
  FP64: floats('FP64', Float64Array),
  BYTES: byteStrings,
  BF16: halfFloats('BF16', bfloat16),
} as const satisfies Record<string, WireCodec>;

export type WireDatatype = keyof typeof wireCodecs;

export function isWireDatatype(name: unknown): name is WireDatatype {
  return typeof name === 'string' && Object.hasOwn(wireCodecs, name);
}

/** The codec of a datatype, whichever it is. */
export function wireCodec(datatype: WireDatatype): WireCodec {
  return wireCodecs[datatype];
}

/** Whether elements of a datatype can be another's without loss at all: numbers can, BOOL and BYTES are only themselves. */
export function isConvertible(from: WireDatatype, to: Datatype): boolean {
  const isNumeric = (datatype: WireDatatype) => datatype !== 'BOOL' && datatype !== 'BYTES';
  return from === to || (isNumeric(from) && isNumeric(to));
}
