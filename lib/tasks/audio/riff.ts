/** The parts of a RIFF file of one kind, in their order. */
export interface Chunk {
  /** Four characters, e.g. `fmt `. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** More chunks than this are no recording, but somebody's try to keep us busy. */
const mostChunks = 1000;
const headerBytes = 12;

/**
 * Walks a RIFF/WAVE file. Every size is held against what is there; a view of the file's bytes is all that is taken.
 * @throws Error saying what is wrong
 */
export function readChunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const id = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < headerBytes || id(0) !== 'RIFF' || id(8) !== 'WAVE') throw new Error('it has no RIFF/WAVE header');
  const end = 8 + view.getUint32(4, true);
  // Some writers leave out the byte that evens a chunk's length, or don't count it.
  if (Math.abs(end - bytes.length) > 1) {
    throw new Error(
      `its header says ${end} bytes, the file has ${bytes.length}; send the whole file as it was written`,
    );
  }
  const chunks: Chunk[] = [];
  for (let at = headerBytes; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (start + size > bytes.length) {
      throw new Error(`its chunk '${printable(id(at))}' says ${size} bytes, ${bytes.length - start} are left`);
    }
    if (chunks.push({ id: id(at), data: bytes.subarray(start, start + size) }) > mostChunks) {
      throw new Error(`it has more than ${mostChunks} chunks`);
    }
    at = start + size + (size % 2);
  }
  return chunks;
}

/** A chunk's name comes from outside: only what is a name goes into a message. */
const printable = (id: string): string => id.replace(/[^\x20-\x7e]/g, '?');
