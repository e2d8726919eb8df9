import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import type { Pixels } from '../../../lib/tasks/image/pixels.js';

const folder = 'test/fixtures/images';

interface Expected {
  readonly width: number;
  readonly height: number;
  /** How far a channel may be from Pillow's value: decoders round and interpolate differently. */
  readonly tolerance: number;
  /** Zlib in base64, or the name of the image that has the same. */
  readonly rgba: string;
}

const expected: Readonly<Record<string, Expected>> = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));

/** The images that test/fixtures/images/make.py wrote. */
export const fixtureNames = Object.keys(expected);

export function fixture(name: string): Buffer {
  return readFileSync(`${folder}/${name}`);
}

/** What Pillow decodes a fixture to. */
export function pillowPixels(name: string): Pixels & { readonly tolerance: number } {
  const { width, height, tolerance, rgba } = expected[name] as Expected;
  const packed = expected[rgba]?.rgba ?? rgba;
  return { width, height, tolerance, rgba: inflateSync(Buffer.from(packed, 'base64')) };
}

/** Largest difference of two images' channels. What lies under full transparency does not count. */
export function largestDifference(a: Uint8Array, b: Uint8Array): number {
  let largest = 0;
  a.forEach((value, index) => {
    const alpha = index - (index % 4) + 3;
    if (index !== alpha && a[alpha] === 0 && b[alpha] === 0) return;
    largest = Math.max(largest, Math.abs(value - (b[index] as number)));
  });
  return largest;
}
