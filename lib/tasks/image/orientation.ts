import type { Pixels } from './pixels.js';

/** Exif tag 0x0112, "Orientation" (CIPA DC-008, 4.6.4): 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The orientation in a JPEG's Exif data (from its TIFF header on); 1 where there is none or it makes no sense. */
export function exifOrientation(exif: Uint8Array | undefined): Orientation {
  if (exif === undefined || exif.length < 14) return 1;
  const tiff = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  // jpeg-js hands out what follows "Exif\0", which still has the second zero byte in front of the TIFF header.
  const start = tiff.getUint8(0) === 0 ? 1 : 0;
  const little = tiff.getUint16(start) === 0x4949;
  const directory = start + tiff.getUint32(start + 4, little);
  if (directory + 2 > exif.length) return 1;
  const entries = tiff.getUint16(directory, little);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * 12;
    if (entry + 12 > exif.length) return 1;
    if (tiff.getUint16(entry, little) !== 0x0112) continue;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** Turns and mirrors an image so that it stands as it was seen. */
export function upright(pixels: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return pixels;
  const { width, height } = pixels;
  const source = new Uint32Array(pixels.rgba.slice().buffer);
  const target = new Uint32Array(source.length);
  const turned = orientation >= 5;
  const columns = turned ? height : width;
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  for (let index = 0; index < target.length; index++) {
    const row = Math.floor(index / columns);
    const column = index % columns;
    const [x, y] = turned ? [row, column] : [column, row];
    const fromX = mirrorX ? width - 1 - x : x;
    const fromY = mirrorY ? height - 1 - y : y;
    target[index] = source[fromY * width + fromX] as number;
  }
  return { width: columns, height: turned ? width : height, rgba: new Uint8Array(target.buffer) };
}
