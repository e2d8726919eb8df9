import { invalidInput, ModeletError } from '../../core/errors.js';
import { isTooDeep, maxJsonDepth } from '../../core/json-depth.js';
import { isSpace, maxLineBytes, type Slice } from './split-records.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws INVALID_INPUT */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidInput('', 'the record is not text in UTF-8; save the file as UTF-8');
  }
}

/** @throws INVALID_INPUT */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decodeText(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidInput('', 'the record is not valid JSON; write one instance of it, in a .jsonl on one line');
  }
  if (isTooDeep(text, value))
    throw invalidInput('', `the record is nested deeper than ${maxJsonDepth} levels; make it flatter`);
  return value;
}

/** Whether there is nothing but space. */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every(isSpace);
}

/** Bytes of a slice. @throws PAYLOAD_TOO_LARGE where it was too long to be held */
export function heldBytes({ bytes }: Slice): Uint8Array {
  if (bytes !== undefined) return bytes;
  const message = `the record has more than ${maxLineBytes} bytes; split it, or name files in a .manifest.jsonl`;
  throw new ModeletError('PAYLOAD_TOO_LARGE', message);
}
