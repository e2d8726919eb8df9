import type { BatchInput } from '../record.js';

/** Bytes that are fetched at once: a few hundred small files, at S3's latency still tens of MB a second. */
const blockBytes = 2 ** 20;
/** Blocks held: the directory at the end and the files are read side by side, a file may reach over several. */
const held = 4;

/** Reads at any place of an input, by blocks: files that stand side by side cost one request. */
export function createBlocks(input: BatchInput) {
  const blocks = new Map<number, Uint8Array>();

  const block = async (number: number): Promise<Uint8Array> => {
    const found = blocks.get(number) ?? (await fetchBlock(input, number));
    // The one used last stands last.
    blocks.delete(number);
    blocks.set(number, found);
    const [oldest] = blocks.keys();
    if (blocks.size > held && oldest !== undefined) blocks.delete(oldest);
    return found;
  };

  /**
   * The bytes from `start` up to, not including, `end`.
   * @throws RangeError where the input has none
   */
  return async (start: number, end: number): Promise<Uint8Array> => {
    if (!(start >= 0 && end <= input.bytes)) throw new RangeError(`it has no bytes ${start} to ${end}`);
    const target = Buffer.allocUnsafeSlow(end - start);
    for (let at = start; at < end; ) {
      const number = Math.floor(at / blockBytes);
      const within = at - number * blockBytes;
      const part = (await block(number)).subarray(within, within + end - at);
      target.set(part, at - start);
      at += part.length;
    }
    return target;
  };
}

async function fetchBlock(input: BatchInput, number: number): Promise<Uint8Array> {
  const start = number * blockBytes;
  const length = Math.min(blockBytes, input.bytes - start);
  const parts: Uint8Array[] = [];
  for await (const chunk of input.open(start, start + length)) parts.push(chunk);
  return Buffer.concat(parts, length);
}
