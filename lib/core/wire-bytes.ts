import { describeValue, invalidInput } from './errors.js';
import type { WireCodec } from './wire-codec.js';

/** Before each element in binary: its length as an unsigned 32-bit integer. */
const prefix = 4;

/** BYTES: text in JSON; in binary each element after its length. */
export const byteStrings: WireCodec<readonly Uint8Array[]> = {
  size: undefined,
  fromJson: (values, at) => {
    const encoder = new TextEncoder();
    return values.map((value, index) => {
      if (typeof value !== 'string') throw invalidInput(at(index), `expected text, got ${describeValue(value)}`);
      return encoder.encode(value);
    });
  },
  /** @throws TypeError for an element that is not UTF-8: JSON can't carry it, binary can */
  toJson: (data) => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return JSON.stringify(data.map((element) => decoder.decode(element)));
  },
  fromBytes: (bytes, count, at) => {
    const elements: Uint8Array[] = [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let offset = 0;
    // Bounded by the bytes, whatever the count says.
    for (let index = 0; index < count; index++) {
      const left = bytes.length - offset - prefix;
      if (left < 0) throw invalidInput(at(index), `expected a length of ${prefix} bytes, ${left + prefix} are left`);
      const length = view.getUint32(offset, true);
      if (length > left) throw invalidInput(at(index), `its length says ${length} bytes, but ${left} are left`);
      offset += prefix;
      elements.push(bytes.subarray(offset, offset + length));
      offset += length;
    }
    if (offset === bytes.length) return elements;
    throw invalidInput(at(count), `${bytes.length - offset} bytes are left after the last of ${count} elements`);
  },
  toBytes: (data) => {
    const bytes = new Uint8Array(data.reduce((sum, element) => sum + prefix + element.length, 0));
    const view = new DataView(bytes.buffer);
    let offset = 0;
    for (const element of data) {
      view.setUint32(offset, element.length, true);
      bytes.set(element, offset + prefix);
      offset += prefix + element.length;
    }
    return bytes;
  },
};
