import { describeValue, invalidInput, type ModeletError } from '../../core/errors.js';
import type { Instance } from '../../core/instance.js';

/** Bytes in UTF-8: some 15,000 words, far more than a network reads. Its tokens are found in about 10 ms. */
export const textLimit = 100_000;

/**
 * A file of UTF-8, with or without a byte order mark, or `{"text": "…"}`.
 * @throws INVALID_INPUT saying what would be right
 */
export function readText(instance: Exclude<Instance, { kind: 'numbers' }>, field: string): string {
  if (instance.kind === 'file') {
    checkSize(instance.bytes.length, field);
    return decoded(instance.bytes, field);
  }
  const { text, ...others } = instance.value;
  if (typeof text !== 'string') {
    throw invalidInput(`${field}.text`, `expected text, as in {"text": "…"}, got ${describeValue(text)}`);
  }
  if (Object.keys(others).length > 0) throw invalidInput(field, 'has a field beside text; leave it out');
  checkSize(Buffer.byteLength(text), `${field}.text`);
  return text;
}

function checkSize(bytes: number, field: string): void {
  if (bytes <= textLimit) return;
  throw invalidInput(field, `has ${bytes} bytes, the limit is ${textLimit}; send the part that matters`);
}

function decoded(bytes: Uint8Array, field: string): string {
  // No text holds a NUL: UTF-16 of English letters is UTF-8 with one behind each.
  if (bytes.includes(0)) throw notUtf8(field);
  try {
    // A byte order mark is left out by the decoder.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8(field);
  }
}

function notUtf8(field: string): ModeletError {
  return invalidInput(field, 'is not text in UTF-8; save it as UTF-8 and send that');
}
