import { contentOf } from './batch-line.js';
import type { FormatReader } from './found-record.js';
import { splitLines } from './split-records.js';
import { decodeText, heldBytes, isBlank } from './text.js';

/** `.txt`, for models that take text: a text a line. Lines of nothing but space are no records. */
export const readTextLines: FormatReader = async function* ({ bytes }, start) {
  for await (const line of splitLines(bytes(start), start)) {
    if (line.bytes !== undefined && isBlank(line.bytes)) continue;
    yield {
      end: line.end,
      read: () =>
        contentOf(() => {
          const text = decodeText(heldBytes(line)).replace(/\r?\n$/, '');
          return { instance: { kind: 'file', bytes: Buffer.from(text) } };
        }),
    };
  }
};
