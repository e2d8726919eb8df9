import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { invalidInput } from '../../core/errors.js';
import { checkJpeg } from './check-jpeg.js';
import { checkPng } from './check-png.js';
import { exifOrientation, upright } from './orientation.js';
import type { Pixels } from './pixels.js';

/** Larger images are refused before they are decoded: a few bytes can describe gigapixels. */
export const maxPixels = 4096 * 4096;

/**
 * PNG (any colour type, depth and interlacing) or JPEG (baseline and progressive, turned upright as its Exif data says),
 * told apart by content.
 * @throws INVALID_INPUT for anything else, for damaged and truncated files, and above `maxPixels`
 */
export function decodeImage(bytes: Uint8Array, field: string): Pixels {
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47])) return decoded('PNG', field, () => decodePng(bytes));
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return decoded('JPEG', field, () => decodeJpeg(bytes));
  throw invalidInput(field, 'is neither a PNG nor a JPEG image');
}

function decodePng(bytes: Uint8Array): Pixels {
  const { width, height, data } = PNG.sync.read(checkPng(bytes, checkSize));
  return { width, height, rgba: data };
}

function decodeJpeg(bytes: Uint8Array): Pixels {
  checkJpeg(bytes, checkSize);
  const image = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: true,
    tolerantDecoding: false,
    maxResolutionInMP: maxPixels / 1e6,
    maxMemoryUsageInMB: 512,
  }) as { width: number; height: number; data: Uint8Array; exifBuffer?: Uint8Array };
  const pixels = { width: image.width, height: image.height, rgba: image.data };
  return upright(pixels, exifOrientation(image.exifBuffer));
}

function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new Error('it has no pixels');
  if (width * height > maxPixels)
    throw new Error(`${width} × ${height} pixels are more than the limit of ${maxPixels}`);
}

function decoded(format: string, field: string, decode: () => Pixels): Pixels {
  try {
    return decode();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidInput(field, `is not a sound ${format} image: ${reason.slice(0, 120)}`);
  }
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}
