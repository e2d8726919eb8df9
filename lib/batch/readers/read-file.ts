import { ModeletError } from '../../core/errors.js';
import { maxFileBytes } from '../record.js';
import type { FormatReader, RecordContent } from './found-record.js';

/** A file that is one instance: an image, a recording, a series. */
export const readFile: FormatReader = async function* ({ bytes }) {
  yield { read: () => fileContent(bytes(0)) };
};

/** A file's bytes as an instance; they are not read further than they may go. */
export async function fileContent(bytes: AsyncIterable<Uint8Array>): Promise<RecordContent> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > maxFileBytes) return { error: tooLarge() };
    parts.push(chunk);
  }
  return { instance: { kind: 'file', bytes: Buffer.concat(parts, length) } };
}

export function tooLarge(): ModeletError {
  return new ModeletError('PAYLOAD_TOO_LARGE', `the file has more than ${maxFileBytes} bytes; make it smaller`);
}
