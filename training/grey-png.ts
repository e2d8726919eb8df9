import { PNG } from 'pngjs';

/** One grey image as a PNG of 8 bits a pixel. */
export function greyPng(pixels: Uint8Array, side: number): Uint8Array {
  const image = { width: side, height: side, data: Buffer.from(pixels) } as PNG;
  return PNG.sync.write(image, { colorType: 0, inputColorType: 0, inputHasAlpha: false });
}
