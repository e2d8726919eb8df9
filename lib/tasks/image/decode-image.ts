import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { invalidInput } from '../../core/errors.js';
import { checkJpeg } from './check-jpeg.js';
import { checkPng } from './check-png.js';
import { upright } from './orientation.js';
import type { Pixels } from './pixels.js';

/**
 * Larger images are refused before they are decoded: a few bytes can describe gigapixels. At this limit the worst there is, a
 * progressive JPEG without subsampling, takes 3 s and 650 MB of the process (measured; a 16-bit RGBA PNG 2 s and as much).
 */
export const maxPixels = 4096 * 4096;

/**
 * PNG (any colour type, depth and interlacing) or JPEG (baseline and progressive, grey and colour, turned upright as its Exif
 * data says), told apart by content.
 * @throws INVALID_INPUT for anything else, for damaged and truncated files, and above `maxPixels`
 */
export function decodeImage(bytes: Uint8Array, field: string): Pixels {
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return decodePng(bytes, field);
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return decodeJpeg(bytes, field);
  throw invalidInput(field, 'is neither a PNG nor a JPEG image');
}

function decodePng(bytes: Uint8Array, field: string): Pixels {
  const refuse = refusing('PNG', field);
  const file = refuse(() => checkPng(bytes, checkSize));
  const { width, height, data } = refuse(() => PNG.sync.read(file, { checkCRC: false }), 'its data is damaged');
  return { width, height, rgba: data };
}

function decodeJpeg(bytes: Uint8Array, field: string): Pixels {
  const refuse = refusing('JPEG', field);
  const { file, orientation, ycc } = refuse(() => checkJpeg(bytes, checkSize));
  const decode = () =>
    jpeg.decode(file, {
      useTArray: true,
      // Wants no more than the skipping of blocks that don't exist: a last restart interval may be longer than the image.
      tolerantDecoding: true,
      colorTransform: ycc,
      maxResolutionInMP: maxPixels / 1e6,
      maxMemoryUsageInMB: 512,
    });
  const { width, height, data } = refuse(decode, 'its data is damaged');
  return upright({ width, height, rgba: data }, orientation);
}

function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new Error('it has no pixels');
  if (width * height > maxPixels) {
    throw new Error(`${width} × ${height} pixels are more than the limit of ${maxPixels}`);
  }
}

/** Turns what a step throws into INVALID_INPUT: with a message of ours, or the given one where the decoder speaks. */
function refusing(format: string, field: string) {
  return <T>(step: () => T, problem?: string): T => {
    try {
      return step();
    } catch (cause) {
      const reason = problem ?? (cause instanceof Error ? cause.message : String(cause));
      throw invalidInput(field, `can't be read as a ${format} image: ${reason}`);
    }
  };
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}
