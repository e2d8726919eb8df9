import { constants, crc32, inflateSync } from 'node:zlib';

/** What decoding needs. The rest may hide a decompression bomb (iCCP, zTXt) and is not even looked at. */
const needed = new Set(['IHDR', 'PLTE', 'tRNS']);

/** By colour type: samples a pixel, and the bit depths there are (PNG specification, 11.2.1). */
const colourTypes: Readonly<Record<number, { readonly samples: number; readonly depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

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

type CheckSize = (width: number, height: number) => void;

/**
 * Holds a PNG's chunks against their checksums, and the size of its decompressed data against its header, before a decoder
 * sees it.
 * @param checkSize throws for a width × height that is not wanted
 * @returns the same image with nothing but the chunks that decoding needs; that of the data, now one, has no checksum
 * @throws Error in a few words
 */
export function checkPng(bytes: Uint8Array, checkSize: CheckSize): Buffer {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [file.subarray(0, 8)];
  const parts: Buffer[] = [];
  let expected = 0;
  for (let offset = 8, type = ''; type !== 'IEND'; ) {
    if (offset + 12 > file.length) throw new Error('it is truncated');
    const length = file.readUInt32BE(offset);
    const end = offset + 12 + length;
    if (end > file.length) throw new Error('it is truncated');
    if (crc32(file.subarray(offset + 4, end - 4)) !== file.readUInt32BE(end - 4)) {
      throw new Error('a checksum is wrong');
    }
    type = file.toString('latin1', offset + 4, offset + 8);
    const content = file.subarray(offset + 8, end - 4);
    // A second header would change the size behind our back.
    if ((type === 'IHDR') !== (offset === 8)) throw new Error('it does not start with its only header');
    if (type === 'IHDR') expected = dataSize(content, checkSize);
    if (type === 'IDAT') parts.push(content);
    else if (needed.has(type)) kept.push(file.subarray(offset, end));
    // A lower-case first letter marks what a decoder may skip (5.4).
    else if (type !== 'IEND' && !/^[a-z]/.test(type)) throw new Error('it needs more than the PNG specification');
    offset = end;
  }
  const data = Buffer.concat(parts);
  if (inflatedSize(data, expected) !== expected) throw new Error('its data does not fit its size');
  return Buffer.concat([...kept, chunkStart(data.length, 'IDAT'), data, noChecksum, chunkStart(0, 'IEND'), noChecksum]);
}

const noChecksum = Buffer.alloc(4);

function chunkStart(length: number, type: string): Buffer {
  const start = Buffer.from(`....${type}`, 'latin1');
  start.writeUInt32BE(length);
  return start;
}

/** Bytes that zlib makes room for at a time: all that a small image has, so that it is not put together of parts. */
const mostAtOnce = 2 ** 20;

/** Bytes that the data inflates to; more than `limit` of them are not even made. */
function inflatedSize(data: Buffer, limit: number): number {
  const most = limit + 1;
  try {
    return inflateSync(data, {
      maxOutputLength: most,
      chunkSize: Math.min(Math.max(most, constants.Z_MIN_CHUNK), mostAtOnce),
    }).length;
  } catch {
    return -1;
  }
}

/** Bytes of the filtered scan lines that the header announces: each row one filter byte more. */
function dataSize(header: Buffer, checkSize: CheckSize): number {
  if (header.length !== 13) throw new Error('its header is damaged');
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const [depth, type, compression, filter, interlace] = header.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  const colour = colourTypes[type];
  if (colour === undefined || !colour.depths.includes(depth) || compression + filter !== 0 || interlace > 1) {
    throw new Error('its header is damaged');
  }
  checkSize(width, height);
  const rows = (columns: number, lines: number): number =>
    columns === 0 ? 0 : lines * (1 + Math.ceil((columns * depth * colour.samples) / 8));
  if (interlace === 0) return rows(width, height);
  const steps = (size: number, first: number, step: number): number => Math.max(0, Math.ceil((size - first) / step));
  return adam7.reduce((sum, [x, y, dx, dy]) => sum + rows(steps(width, x, dx), steps(height, y, dy)), 0);
}
