import { withoutMark } from './byte-order-mark.js';

/**
 * Bytes that a line, a row or an element of an array may have: as many as a request's body, so that what batch takes, HTTP
 * takes too.
 */
export const maxLineBytes = 4_500_000;

/** A record as it stands in the input, with what ends it. */
export interface Slice {
  /** Undefined where it has more than `maxLineBytes`: it was passed over, never held. */
  readonly bytes: Uint8Array | undefined;
  /** Where the next one begins: bytes from the start of the (unpacked) input. */
  readonly end: number;
}

/**
 * Finds where the record ends that goes on, or begins, at `from`: one behind its last byte; -1 where it is longer than the chunk.
 */
export type FindEnd = (chunk: Uint8Array, from: number, begins: boolean) => number;

/**
 * Cuts bytes into records, whatever chunks they come in. What stands behind the last end is a record too.
 * @param start where the bytes begin in the input
 */
export async function* splitRecords(
  source: AsyncIterable<Uint8Array>,
  start: number,
  findEnd: FindEnd,
): AsyncGenerator<Slice, void, void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let at = start;
  const take = (): Slice => {
    const slice = { bytes: length > maxLineBytes ? undefined : join(parts, length), end: at };
    parts = [];
    length = 0;
    return slice;
  };
  const text = start === 0 ? withoutMark(source, (skipped) => (at += skipped)) : source;
  for await (const chunk of text) {
    for (let from = 0; from < chunk.length; ) {
      const found = findEnd(chunk, from, length === 0);
      const to = found === -1 ? chunk.length : found;
      length += to - from;
      at += to - from;
      if (length > maxLineBytes) parts = [];
      else parts.push(chunk.subarray(from, to));
      from = to;
      if (found !== -1) yield take();
    }
  }
  if (length > 0) yield take();
}

/** Lines, each with its LF; blank ones that follow each other as one, or a small gzip of them would be worked on for hours. */
export function splitLines(source: AsyncIterable<Uint8Array>, start: number): AsyncGenerator<Slice, void, void> {
  return splitRecords(source, start, (chunk, from, begins) => {
    let text = from;
    if (begins) while (isSpace(chunk[text])) text++;
    const blank = text > from ? chunk.lastIndexOf(lineFeed, text - 1) : -1;
    return blank >= from ? blank + 1 : chunk.indexOf(lineFeed, text) + 1 || -1;
  });
}

const lineFeed = 0x0a;

/** JSON's own space, which CSV and text share. */
export const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

export function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, length);
}
