import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { decodeImage } from '../../../lib/tasks/image/decode-image.js';
import { chunk, end, header, pngFile, pngSignature } from './png-file.js';
import { refusal, timedRefusal } from './refusal.js';

/** 2×2 grey: two scan lines of filter byte and two samples. */
const size = { width: 2, height: 2 };
const lines = Buffer.from([0, 10, 20, 0, 30, 40]);
const bomb = deflateSync(Buffer.alloc(100e6));

const because = (reason: string): string => `body: can't be read as a PNG image: ${reason}`;

test('the file that the others are made from decodes', () => {
  const { rgba } = decodeImage(pngFile(size, lines), '');
  expect([...rgba].filter((_, index) => index % 4 === 0)).toEqual([10, 20, 30, 40]);
});

describe('a header that lies is refused', () => {
  test.each([
    ['more rows than data', { width: 2, height: 3 }],
    ['fewer rows than data', { width: 2, height: 1 }],
    ['wider than its data', { width: 3, height: 2 }],
    ['interlaced without the passes', { width: 9, height: 9, interlace: 1 }],
    ['colour without the samples', { ...size, type: 6 }],
  ])('%s', (_, head) => {
    expect(refusal(pngFile(head, lines))).toBe(because('its data does not fit its size'));
  });

  test.each([
    ['3 bits', { ...size, depth: 3 }],
    ['4-bit RGB', { ...size, depth: 4, type: 2 }],
    ['16-bit palette', { ...size, depth: 16, type: 3 }],
    ['colour type 5', { ...size, type: 5 }],
    ['interlacing 2', { ...size, interlace: 2 }],
  ])('%s', (_, head) => {
    expect(refusal(pngFile(head, lines))).toBe(because('its header is damaged'));
  });

  test.each([
    [0, 2],
    [2, 0],
    [0, 0],
  ])('%i × %i pixels', (width, height) => {
    expect(refusal(pngFile({ width, height }, lines))).toBe(because('it has no pixels'));
  });

  test.each([
    [4096, 4097],
    [65_536, 65_536],
    [2 ** 31, 2 ** 31],
    [2 ** 32 - 1, 1],
  ])('%i × %i pixels are refused before anything is made of that size', (width, height) => {
    const { refused, ms } = timedRefusal(pngFile({ width, height, depth: 16, type: 6, interlace: 1 }, lines));
    expect(refused).toBe(because(`${width} × ${height} pixels are more than the limit of 16777216`));
    expect(ms).toBeLessThan(200);
  });

  test('by a second one', () => {
    const second = header({ width: 2 ** 31, height: 2 ** 31 });
    expect(refusal(pngFile(size, lines, second))).toBe(because('it does not start with its only header'));
    expect(refusal(Buffer.concat([pngSignature, end, header(size)]))).toBe(
      because('it does not start with its only header'),
    );
  });
});

describe('decompression bombs are never inflated', () => {
  test.each([
    ['as image data', size],
    ['as interlaced image data', { ...size, interlace: 1 }],
  ])('%s', (_, head) => {
    const file = Buffer.concat([pngSignature, header(head), chunk('IDAT', bomb), end]);
    const { refused, ms } = timedRefusal(file);
    expect(refused).toBe(because('its data does not fit its size'));
    expect(ms).toBeLessThan(200);
  });

  test.each(['iCCP', 'zTXt', 'iTXt'])('as %s, which is not even looked at', (type) => {
    const { refused, ms } = timedRefusal(
      pngFile(size, lines, chunk(type, Buffer.concat([Buffer.from('name\0\0'), bomb]))),
    );
    expect(refused).toBeUndefined();
    expect(ms).toBeLessThan(200);
  });
});

describe('chunks that lie', () => {
  test.each([2 ** 32 - 1, 2 ** 31 - 1, 1e6, 7])('a length of %i', (length) => {
    const file = Buffer.concat([pngSignature, header(size), chunk('IDAT', deflateSync(lines), length), end]);
    expect(refusal(file)).toMatch(/^body: can't be read as a PNG image: (it is truncated|a checksum is wrong)/);
  });

  test('no data, no end, no palette, an index out of the palette, an unknown critical chunk', () => {
    const file = (...chunks: readonly Buffer[]) => Buffer.concat([pngSignature, ...chunks]);
    const data = chunk('IDAT', deflateSync(lines));
    expect(refusal(file(header(size), end))).toBe(because('its data does not fit its size'));
    expect(refusal(file(header(size), data))).toBe(because('it is truncated'));
    expect(refusal(pngFile({ ...size, type: 3 }, lines))).toBe(because('its data is damaged'));
    const palette = chunk('PLTE', Buffer.from([1, 2, 3]));
    expect(refusal(pngFile({ ...size, type: 3 }, lines, palette))).toBe(because('its data is damaged'));
    expect(refusal(pngFile(size, lines, chunk('CgBI')))).toBe(because('it needs more than the PNG specification'));
  });

  test('a wrong checksum, a filter that does not exist, data cut inside the stream', () => {
    const file = pngFile(size, lines);
    file[file.length - 13] = (file[file.length - 13] as number) ^ 1;
    expect(refusal(file)).toBe(because('a checksum is wrong'));
    expect(refusal(pngFile(size, Buffer.from([9, 10, 20, 0, 30, 40])))).toBe(because('its data is damaged'));
    const cut = deflateSync(lines).subarray(0, 8);
    expect(refusal(Buffer.concat([pngSignature, header(size), chunk('IDAT', cut), end]))).toBe(
      because('its data does not fit its size'),
    );
  });

  test('300,000 of them are gone through in a moment', () => {
    for (const type of ['IDAT', 'tEXt']) {
      const many = Buffer.concat(new Array<Buffer>(300_000).fill(chunk(type)));
      const { refused, ms } = timedRefusal(pngFile(size, lines, many));
      expect(refused).toBeUndefined();
      expect(ms).toBeLessThan(1000);
    }
  });
});
