import { crc32, deflateSync } from 'node:zlib';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA. */
  readonly type?: number;
  readonly interlace?: number;
}

export const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

/** A chunk with a right checksum; `length` may lie. */
export function chunk(type: string, data: Uint8Array = Buffer.alloc(0), length = data.length): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

export function header({ width, height, depth = 8, type = 0, interlace = 0 }: PngHeader): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, type, 0, 0, interlace], 8);
  return chunk('IHDR', data);
}

export const end = chunk('IEND');

/** A PNG around scan lines as they are given (a filter byte before each), which need not fit the header. */
export function pngFile(head: PngHeader, lines: Uint8Array, ...others: readonly Buffer[]): Buffer {
  return Buffer.concat([pngSignature, header(head), ...others, chunk('IDAT', deflateSync(lines)), end]);
}
