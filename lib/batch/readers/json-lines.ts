import { readBatchLine } from './batch-line.js';
import type { FormatReader } from './found-record.js';
import { splitLines } from './split-records.js';
import { heldBytes, isBlank } from './text.js';

/** `.jsonl`, `.ndjson`: an instance a line. Lines of nothing but space are no records. */
export const readJsonLines: FormatReader = async function* ({ bytes }, start) {
  for await (const line of splitLines(bytes(start), start)) {
    if (line.bytes !== undefined && isBlank(line.bytes)) continue;
    yield { end: line.end, read: () => readBatchLine(() => heldBytes(line)) };
  }
};
