import { describe, expect, test } from '@jest/globals';
import { decodeImage } from '../../../lib/tasks/image/decode-image.js';
import { luminance, type Pixels } from '../../../lib/tasks/image/pixels.js';
import { fixture, fixtureNames, largestDifference, pillowPixels } from './fixtures.js';
import { refusal } from './refusal.js';

const refused = {
  'cmyk.jpg': 'it is in CMYK; save it in RGB',
  'colour-progressive-420-restart.jpg': 'it has restart markers in a scan of one colour; save it without them',
};

describe('decoded pixels are those of Pillow', () => {
  test.each(fixtureNames.filter((name) => !(name in refused)))('%s', (name) => {
    const expected = pillowPixels(name);
    const decoded = decodeImage(fixture(name), 'body');
    expect(decoded).toMatchObject({ width: expected.width, height: expected.height });
    expect(decoded.rgba).toHaveLength(expected.rgba.length);
    expect(largestDifference(decoded.rgba, expected.rgba)).toBeLessThanOrEqual(expected.tolerance);
    // Where colours are subsampled the brightness is not.
    expect(largestDifference(grey(decoded), grey(expected))).toBeLessThanOrEqual(3);
  });
});

describe('refused with what would be right', () => {
  test.each(Object.entries(refused))('%s: %s', (name, reason) => {
    expect(refusal(fixture(name))).toBe(`body: can't be read as a JPEG image: ${reason}`);
  });

  test.each([
    [0xc1, 12, 'it has 12 bits a sample; save it with 8'],
    [0xc3, 8, 'it is lossless, hierarchical or arithmetic-coded; save it as baseline JPEG'],
    [0xc9, 8, 'it is lossless, hierarchical or arithmetic-coded; save it as baseline JPEG'],
  ])('a JPEG frame of type %i with %i bits', (marker, bits, reason) => {
    const file = fixture('grey-baseline.jpg');
    const frame = file.indexOf('ffc0', 0, 'hex');
    file.set([marker], frame + 1);
    file.set([bits], frame + 4);
    expect(refusal(file)).toBe(`body: can't be read as a JPEG image: ${reason}`);
  });

  test.each([
    ['nothing at all', ''],
    ['GIF', 'GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!'],
    ['WebP', 'RIFF\x24\0\0\0WEBPVP8 '],
    ['PDF', '%PDF-1.7\n%\xe2\xe3\xcf\xd3'],
    ['BMP', 'BM\x36\0\0\0\0\0\0\0'],
    ['TIFF', 'II*\0\x08\0\0\0'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['HEIC', '\0\0\0\x18ftypheic'],
    ['half a PNG signature', '\x89PNG'],
    ['half a JPEG signature', '\xff\xd8'],
  ])('%s', (_, text) => {
    expect(refusal(Buffer.from(text, 'latin1'))).toBe('body: is neither a PNG nor a JPEG image');
  });
});

describe('what the sender need not care about', () => {
  test.each(['rgba8.png', 'palette4-adam7.png', 'colour-baseline-420.jpg', 'grey-progressive.jpg'])(
    'trailing bytes after %s change nothing',
    (name) => {
      const [file, rest] = [fixture(name), Buffer.from('\0\0ÿØÿ trailing IEND')];
      expect(decodeImage(Buffer.concat([file, rest]), 'body')).toEqual(decodeImage(file, 'body'));
    },
  );

  test('the bytes may stand anywhere in a larger buffer', () => {
    for (const name of ['rgba16.png', 'exif-6-big.jpg', 'exif-3-little.jpg']) {
      const file = fixture(name);
      const within = Buffer.concat([Buffer.alloc(3, 0xff), file, Buffer.alloc(9)]).subarray(3, 3 + file.length);
      expect(decodeImage(within, 'body')).toEqual(decodeImage(file, 'body'));
    }
  });
});

function grey({ width, height, rgba }: Pixels): Uint8Array {
  const values = new Uint8Array(width * height * 4).fill(255);
  for (let at = 0; at < rgba.length; at += 4) {
    const [red, green, blue, alpha] = rgba.subarray(at, at + 4) as unknown as [number, number, number, number];
    if (alpha > 0) values[at] = luminance(red, green, blue);
  }
  return values;
}
