import { inflateSync } from 'node:zlib';

/** What decoding needs. The rest may hide a decompression bomb (iCCP, zTXt) and is not even looked at. */
const needed = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** Samples a pixel, by colour type (PNG specification, 11.2.1). */
const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Adam7: first column, first row, column step, row step of each pass (PNG specification, 8.1). */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Holds a PNG's structure and the size of its decompressed data against its header before a decoder sees it.
 * @param checkSize throws for a width × height that is not wanted
 * @returns the same image with nothing but the chunks that decoding needs
 * @throws Error in a few words
 */
export function checkPng(bytes: Uint8Array, checkSize: (width: number, height: number) => void): Buffer {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [file.subarray(0, 8)];
  const data: Buffer[] = [];
  let expected = 0;
  for (let offset = 8, type = ''; type !== 'IEND'; ) {
    if (offset + 12 > file.length) throw new Error('it is truncated');
    const length = file.readUInt32BE(offset);
    type = file.toString('latin1', offset + 4, offset + 8);
    const end = offset + 12 + length;
    if (end > file.length) throw new Error('it is truncated');
    if (offset === 8) expected = dataSize(file, type, length, checkSize);
    if (needed.has(type)) kept.push(file.subarray(offset, end));
    if (type === 'IDAT') data.push(file.subarray(offset + 8, offset + 8 + length));
    offset = end;
  }
  const actual = inflateSync(Buffer.concat(data), { maxOutputLength: expected + 1 }).length;
  if (actual !== expected) throw new Error('its data does not fit its size');
  return Buffer.concat(kept);
}

/** Bytes of the filtered scan lines that the header announces: each row one filter byte more. */
function dataSize(
  file: Buffer,
  type: string,
  length: number,
  checkSize: (width: number, height: number) => void,
): number {
  if (type !== 'IHDR' || length !== 13) throw new Error('it has no header');
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const bits = file.readUInt8(24) * (samples[file.readUInt8(25)] ?? 0);
  checkSize(width, height);
  const rows = (columns: number, lines: number): number =>
    columns === 0 ? 0 : lines * (1 + Math.ceil((columns * bits) / 8));
  if (file.readUInt8(28) === 0) return rows(width, height);
  return adam7.reduce(
    (sum, [x, y, dx, dy]) =>
      sum + rows(Math.max(0, Math.ceil((width - x) / dx)), Math.max(0, Math.ceil((height - y) / dy))),
    0,
  );
}
