import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readMnist, slice } from '../../training/mnist.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelet-mnist-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function idx(magic: number, dimensions: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  [magic, ...dimensions].forEach((value, index) => {
    header.writeUInt32BE(value, index * 4);
  });
  return gzipSync(Buffer.concat([header, data]));
}

function write({ count = 2, side = 28, labels = Uint8Array.of(7, 2), cut = 0, magic = 0x0803 }): void {
  const images = Uint8Array.from({ length: count * side * side - cut }, (_, index) => index % 256);
  writeFileSync(join(folder, 't10k-images-idx3-ubyte.gz'), idx(magic, [count, side, side], images));
  writeFileSync(join(folder, 't10k-labels-idx1-ubyte.gz'), idx(0x0801, [labels.length], labels));
}

describe('MNIST', () => {
  test('is read as bytes, and slices see their part', () => {
    write({});
    const read = readMnist(folder, 't10k');
    expect(read).toMatchObject({ count: 2, side: 28, labels: { 0: 7, 1: 2 } });
    expect(read.images.length).toBe(2 * 784);
    const second = slice(read, 1, 2);
    expect([second.count, second.labels[0], second.images[0]]).toEqual([1, 2, 784 % 256]);
  });

  test.each([
    ['no IDX file of images', { magic: 0x0801 }, 'is no such IDX file: it starts with 0x801'],
    ['a file that is cut off', { cut: 1 }, 'is cut off: 1567 bytes of data, 1568 expected'],
    ['another size', { side: 27 }, 'images of 27×27'],
    ['labels for other images', { labels: Uint8Array.of(7) }, 'has 1 labels for 2 images'],
    ['labels that are no digits', { labels: Uint8Array.of(7, 10) }, 'label 10 is not a digit'],
  ])('is refused with %s', (_, options, message) => {
    write(options);
    expect(() => readMnist(folder, 't10k')).toThrow(message);
  });

  test('names the option where a file is missing', () => {
    expect(() => readMnist(folder, 'train')).toThrow('--data');
  });
});
