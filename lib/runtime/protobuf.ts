/** A field of a protobuf message: whole numbers as bigint, everything else as its bytes. */
export interface ProtoField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/**
 * The fields of a message in the order of its bytes (protobuf.dev, "Encoding"). Nothing is copied.
 * @throws RangeError where the bytes are no message
 */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError('a number in a protobuf message does not end');
  };
  const take = (size: number): Uint8Array => {
    if (size < 0 || at + size > bytes.length) throw new RangeError('a protobuf message is cut short');
    at += size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    const number = Math.floor(tag / 8);
    if (number < 1) throw new RangeError('a protobuf field has no number');
    if (wireType === 0) yield { number, value: varint() };
    else if (wireType === 1) yield { number, value: take(8) };
    else if (wireType === 2) yield { number, value: take(Number(varint())) };
    else if (wireType === 5) yield { number, value: take(4) };
    else throw new RangeError(`wire type ${wireType} is not used in protobuf messages any more`);
  }
}

/** The sub-messages (or texts) of one field. */
export function protoBytes(message: Uint8Array, field: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const { number, value } of protoFields(message)) {
    if (number === field && typeof value !== 'bigint') found.push(value);
  }
  return found;
}

/** The last value of a numeric field; 0 where it is left out. */
export function protoNumber(message: Uint8Array, field: number): number {
  let found = 0n;
  for (const { number, value } of protoFields(message))
    if (number === field && typeof value === 'bigint') found = value;
  return Number(found);
}

export const protoText = (message: Uint8Array, field: number): string =>
  Buffer.from(protoBytes(message, field).at(-1) ?? []).toString('utf8');

/** A `map<string, Message>`: entries are messages of key (1) and value (2). */
export function protoMap(message: Uint8Array, field: number): Map<string, Uint8Array> {
  return new Map(
    protoBytes(message, field).map((entry) => [protoText(entry, 1), protoBytes(entry, 2).at(-1) ?? new Uint8Array()]),
  );
}
