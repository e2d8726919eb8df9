import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Grey images of `side` × `side` bytes one after another (0 is the dark background), and what each shows. */
export interface LabelledImages {
  readonly count: number;
  readonly side: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** MNIST's image side in pixels. */
const side = 28;

/** First bytes of an IDX file: two zeros, 8 for unsigned bytes, the number of dimensions. */
const magicOf = { images: 0x0803, labels: 0x0801 } as const;

/**
 * Reads one half of MNIST from its gzipped IDX files.
 * @param half `train` (60,000 images) or `t10k` (10,000 test images)
 * @throws when a file is missing, is no IDX file, or the two files don't belong together
 */
export function readMnist(folder: string, half: 'train' | 't10k'): LabelledImages {
  const labels = readIdx(folder, `${half}-labels-idx1-ubyte.gz`, magicOf.labels);
  const images = readIdx(folder, `${half}-images-idx3-ubyte.gz`, magicOf.images);
  const [count = 0, height, width] = images.dimensions;
  if (height !== side || width !== side) throw new Error(`${images.path}: images of ${height}×${width}, not 28×28`);
  if (labels.dimensions[0] !== count) {
    throw new Error(`${labels.path} has ${labels.dimensions[0]} labels for ${count} images; take both from one place`);
  }
  const wrong = labels.data.find((label) => label > 9);
  if (wrong !== undefined) throw new Error(`${labels.path}: label ${wrong} is not a digit`);
  return { count, side, images: images.data, labels: labels.data };
}

/** The images from `start` up to `end`; views, no copies. */
export function slice({ side, images, labels }: LabelledImages, start: number, end: number): LabelledImages {
  const size = side * side;
  return {
    count: end - start,
    side,
    images: images.subarray(start * size, end * size),
    labels: labels.subarray(start, end),
  };
}

/** Bytes 0…255 → 0…1, as the handler's preprocessing does it. */
export function scaled(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (byte) => byte / 255);
}

function readIdx(
  folder: string,
  name: string,
  magic: number,
): { path: string; dimensions: number[]; data: Uint8Array } {
  const path = join(folder, name);
  const bytes = unpack(path);
  const found = bytes.length < 4 ? 'nothing' : `0x${bytes.readUInt32BE(0).toString(16)}`;
  if (found !== `0x${magic.toString(16)}`) throw new Error(`${path} is no such IDX file: it starts with ${found}`);
  const rank = magic & 0xff;
  const header = 4 + 4 * rank;
  const dimensions = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  const expected = dimensions.reduce((product, size) => product * size, 1);
  if (bytes.length - header !== expected) {
    throw new Error(`${path} is cut off: ${bytes.length - header} bytes of data, ${expected} expected`);
  }
  return { path, dimensions, data: bytes.subarray(header) };
}

function unpack(path: string): Buffer {
  try {
    return gunzipSync(readFileSync(path));
  } catch (cause) {
    throw new Error(`${path} can't be read; name the folder of MNIST's four .gz files with --data`, { cause });
  }
}
