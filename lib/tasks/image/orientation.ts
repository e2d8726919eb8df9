import type { Pixels } from './pixels.js';

/** Exif tag 0x0112, "Orientation" (CIPA DC-008, 4.6.4): 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The orientation in Exif data (from its TIFF header on); 1 where there is none or it makes no sense. */
export function exifOrientation(exif: Uint8Array | undefined): Orientation {
  if (exif === undefined || exif.length < 14) return 1;
  const tiff = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const little = tiff.getUint16(0) === 0x4949; // "II"; big-endian is "MM"
  if (tiff.getUint16(0) !== (little ? 0x4949 : 0x4d4d) || tiff.getUint16(2, little) !== 42) return 1;
  const directory = tiff.getUint32(4, little);
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
  const { width, height, rgba } = pixels;
  const turned = orientation >= 5;
  const columns = turned ? height : width;
  const rows = turned ? width : height;
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  // Where the first pixel comes from, and how far the source moves for a step to the right or down.
  const first = (mirrorX ? width - 1 : 0) + (mirrorY ? height - 1 : 0) * width;
  const [stepX, stepY] = [mirrorX ? -1 : 1, mirrorY ? -width : width];
  const [right, down] = turned ? [stepY, stepX] : [stepX, stepY];
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Uint8Array.from(rgba);
  const source = new Uint32Array(aligned.buffer, aligned.byteOffset, columns * rows);
  const target = new Uint32Array(columns * rows);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    let from = first + row * down;
    for (let column = 0; column < columns; column++) {
      target[next++] = source[from] as number;
      from += right;
    }
  }
  return { width: columns, height: rows, rgba: new Uint8Array(target.buffer) };
}
