import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exifOrientation } from '../../../lib/tasks/image/orientation.js';
import { fixture, fixtureNames } from './fixtures.js';
import { putTogether, segment, takeApart } from './jpeg-file.js';
import { refusal, timedRefusal } from './refusal.js';

const sound = fixtureNames.filter((name) => refusal(fixture(name)) === undefined);
const jpegs = sound.filter((name) => name.endsWith('.jpg'));

/** Somewhere in a file, as a share of its length. */
const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function changed(file: Buffer, at: number, by: number): Buffer {
  const copy = Buffer.from(file);
  const index = Math.floor(at * copy.length);
  copy[index] = (copy[index] as number) ^ by;
  return copy;
}

/** `refusal` throws on any error that is not INVALID_INPUT. */
function isAnswered(file: Uint8Array): void {
  expect(timedRefusal(file).ms).toBeLessThan(1000);
}

describe('a file that ends early is refused, wherever it ends', () => {
  test.each(sound)('%s', (name) => {
    const file = fixture(name);
    const accepted = Array.from(file, (_, length) => length).filter(
      (length) => refusal(file.subarray(0, length)) === undefined,
    );
    expect(accepted).toEqual([]);
  });
});

test('a PNG with any one byte changed is refused: its checksums cover all', () => {
  const anyPng = fc.constantFrom(...sound.filter((name) => name.endsWith('.png')).map(fixture));
  fc.assert(
    fc.property(anyPng, position, fc.integer({ min: 1, max: 255 }), (file, at, by) => {
      expect(refusal(changed(file, at, by))).toBeDefined();
    }),
    { numRuns: 3000 },
  );
});

describe('a damaged JPEG is an image or INVALID_INPUT, soon', () => {
  test('one byte changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...jpegs.map(fixture)), position, fc.integer({ min: 1, max: 255 }), (file, at, by) =>
        isAnswered(changed(file, at, by)),
      ),
      { numRuns: 5000 },
    );
  });

  test('bytes inserted, left out, repeated', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...jpegs.map(fixture)),
        position,
        position,
        fc.uint8Array({ maxLength: 8 }),
        (file, from, to, inserted) => {
          const [first, second] = [Math.floor(from * file.length), Math.floor(to * file.length)];
          isAnswered(Buffer.concat([file.subarray(0, first), inserted, file.subarray(second)]));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('the segments of several files mixed', () => {
    const parts = jpegs.flatMap((name) => takeApart(fixture(name)));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 20 }), (chosen) =>
        isAnswered(putTogether(...chosen)),
      ),
      { numRuns: 3000 },
    );
  });

  test('any bytes for a frame, tables, a scan', () => {
    const markers = fc.constantFrom(0xc0, 0xc1, 0xc2, 0xc4, 0xda, 0xdb, 0xdd, 0xe1, 0xee);
    const anything = fc
      .tuple(markers, fc.uint8Array({ maxLength: 40 }))
      .map(([marker, body]) => segment(marker, ...body));
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 12 }), (segments) => isAnswered(putTogether(...segments))),
      { numRuns: 3000 },
    );
  });
});

describe('Exif data', () => {
  const tiff = (...bytes: readonly number[]): Uint8Array => Uint8Array.of(0x4d, 0x4d, 0, 42, ...bytes);
  const orientation = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];

  test('says how an image stands', () => {
    expect(exifOrientation(tiff(0, 0, 0, 8, 0, 1, ...orientation))).toBe(6);
    const far = new Array<number>(100).fill(0);
    expect(exifOrientation(tiff(0, 0, 0, 108, ...far, 0, 1, ...orientation))).toBe(6);
  });

  test.each([
    ['none', undefined],
    ['an empty segment', new Uint8Array()],
    ['no byte order', Uint8Array.of(0, 0, 0, 42, 0, 0, 0, 8, 0, 1, ...orientation)],
    ['no TIFF', Uint8Array.of(0x4d, 0x4d, 0, 43, 0, 0, 0, 8, 0, 1, ...orientation)],
    ['a directory outside', tiff(0xff, 0xff, 0xff, 0xff, 0, 1, ...orientation)],
    ['a directory that is the header itself', tiff(0, 0, 0, 0, 0, 1, ...orientation)],
    ['more entries than there is room for', tiff(0, 0, 0, 8, 0xff, 0xff, ...new Array(60).fill(0))],
    ['an orientation of 9', tiff(0, 0, 0, 8, 0, 1, ...orientation.with(9, 9))],
    ['an orientation of 0', tiff(0, 0, 0, 8, 0, 1, ...orientation.with(9, 0))],
  ])('leaves it as it is: %s', (_, exif) => {
    expect(exifOrientation(exif)).toBe(1);
  });

  test('may be anything at all', () => {
    const header = fc.constantFrom([0x4d, 0x4d, 0, 42], [0x49, 0x49, 42, 0]);
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 80 }), (start, rest) => {
        expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(exifOrientation(Uint8Array.of(...start, ...rest)));
      }),
      { numRuns: 5000 },
    );
  });
});
