import { describe, expect, test } from '@jest/globals';
import { decodeImage } from '../../../lib/tasks/image/decode-image.js';
import { fixture } from './fixtures.js';
import { putTogether, segment, takeApart } from './jpeg-file.js';
import { refusal, timedRefusal } from './refusal.js';

const [sof, dht, sos, dqt, dri] = [0xc0, 0xc4, 0xda, 0xdb, 0xdd];
const colour = takeApart(fixture('colour-baseline-420.jpg'));
const progressive = takeApart(fixture('colour-progressive-444.jpg'));

const because = (reason: string): string => `body: can't be read as a JPEG image: ${reason}`;

test('files are taken apart and put together without a change', () => {
  expect(putTogether(...colour)).toEqual(fixture('colour-baseline-420.jpg'));
});

describe('a size that lies', () => {
  const sized = (width: number, height: number, part = colour): Buffer => {
    const file = putTogether(...part);
    const frame = file.indexOf(Buffer.of(0xff, sof, 0, 17));
    file.writeUInt16BE(height, frame + 5);
    file.writeUInt16BE(width, frame + 7);
    return file;
  };

  test('is refused where blocks are missing, and at once where it is over the limit', () => {
    expect(refusal(sized(21, 40))).toBe(because('its data is damaged'));
    expect(refusal(sized(64, 19))).toBe(because('its data is damaged'));
    expect(refusal(sized(0, 19))).toBe(because('it has no pixels'));
    expect(refusal(sized(21, 0))).toBe(because('it has no pixels'));
    const { refused, ms } = timedRefusal(sized(65_535, 65_535));
    expect(refused).toBe(because('65535 × 65535 pixels are more than the limit of 16777216'));
    expect(ms).toBeLessThan(200);
  });
});

describe('a part that is missing', () => {
  test.each([
    ['Huffman tables', dht, 'a table is missing'],
    ['quantization tables', dqt, 'a table is missing'],
    ['the frame', sof, 'it has no frame header'],
    ['the scan', sos, 'a part of its data is missing'],
  ])('%s', (_, missing, reason) => {
    expect(refusal(putTogether(...colour.filter(({ marker }) => marker !== missing)))).toBe(because(reason));
  });

  test('one colour of three', () => {
    // The first scan of a progressive file has the mean colours: without it no block has begun.
    const first = progressive.find(({ marker }) => marker === sos);
    expect(refusal(putTogether(...progressive.filter((part) => part !== first)))).toBe(
      because('a part of its data is missing'),
    );
  });

  test('the end of the data, wherever it is cut and closed', () => {
    const file = fixture('colour-baseline-420-restart.jpg');
    const start = file.indexOf(Buffer.of(0xff, sos)) + 14;
    for (let cut = start; cut < file.length - 4; cut++) {
      const closed = Buffer.concat([file.subarray(0, cut), Buffer.of(0xff, 0xd9)]);
      expect([cut, refusal(closed)]).not.toEqual([cut, undefined]);
    }
  });

  test('a restart marker: the decoder would leave the rest grey', () => {
    const file = fixture('grey-baseline-restart.jpg');
    const marker = file.indexOf(Buffer.of(0xff, 0xd0));
    const without = Buffer.concat([file.subarray(0, marker), file.subarray(marker + 2)]);
    expect(refusal(without)).toBe(because('a part of its data is missing'));
    const wrong = Buffer.from(file);
    wrong[marker + 1] = 0xd3;
    expect(refusal(wrong)).toBe(because('a part of its data is missing'));
  });

  test('everything after the thumbnail, whose end of image is not the end', () => {
    const thumbnail = fixture('exif-1-big.jpg');
    const exif = segment(0xe1, ...Buffer.from('Exif\0\0'), ...thumbnail);
    const whole = putTogether(exif, ...colour);
    expect(refusal(whole)).toBeUndefined();
    for (let length = 4; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length))).toMatch(/truncated|missing/);
    }
  });
});

describe('too much of something', () => {
  const many = (count: number, part: Buffer): Buffer => Buffer.concat(new Array<Buffer>(count).fill(part));
  const only = (marker: number): Buffer => colour.find((part) => part.marker === marker)?.bytes ?? Buffer.alloc(0);
  const lastAc = progressive.filter(({ marker }) => marker === sos).at(-1)?.bytes ?? Buffer.alloc(0);

  test.each([
    ['5,000 Huffman tables', putTogether(many(5000, only(dht)), ...colour), 'it has more tables than an image needs'],
    ['5,000 quantizers', putTogether(many(5000, only(dqt)), ...colour), 'it has more tables than an image needs'],
    ['5,000 frames', putTogether(many(5000, only(sof)), ...colour), 'it has more than one frame'],
    ['5,000 baseline scans', putTogether(...colour, many(5000, only(sos))), 'it has a scan too many'],
    ['5,000 refining scans', putTogether(...progressive, many(5000, lastAc)), 'it has more scans than an image needs'],
    [
      'a new quantizer after the scan',
      putTogether(...colour, only(dqt)),
      'its tables change between scans; save it again',
    ],
  ])('%s', (_, file, reason) => {
    const { refused, ms } = timedRefusal(file);
    expect(refused).toBe(because(reason));
    expect(ms).toBeLessThan(300);
  });

  test('a million comments are gone through in a moment', () => {
    const { refused, ms } = timedRefusal(putTogether(many(1e6, segment(0xfe)), ...colour));
    expect(refused).toBeUndefined();
    expect(ms).toBeLessThan(1000);
  });
});

describe('what is damaged', () => {
  test.each([
    ['a scan of no component', segment(sos, 0, 0, 63, 0)],
    ['a scan of an unknown component', segment(sos, 1, 9, 0, 0, 63, 0)],
    ['a scan of one component twice', segment(sos, 2, 1, 0, 1, 0, 0, 63, 0)],
    ['a scan header that is cut', segment(sos, 3, 1, 0)],
  ])('%s', (_, scan) => {
    expect(refusal(putTogether(...colour.filter(({ marker }) => marker !== sos), scan))).toBe(
      because('its scan header is damaged'),
    );
  });

  test.each([
    ['a Huffman code with more words than its length has', segment(dht, 0x00, 3, ...new Array(15).fill(0), 1, 2, 3)],
    ['a Huffman table that is cut', segment(dht, 0x00, 0, 2, 0)],
    ['a Huffman table 7', segment(dht, 0x07, ...new Array(16).fill(0))],
    ['a quantizer that is cut', segment(dqt, 0x00, 1, 2, 3)],
    ['a quantizer 9', segment(dqt, 0x09, ...new Array(64).fill(1))],
  ])('%s', (_, table) => {
    expect(refusal(putTogether(table, ...colour))).toBe(because('its tables are damaged'));
  });

  test('a frame with sampling factors out of range, one component twice, or fractions of pixels', () => {
    const sampled = (...components: readonly number[]): string | undefined => {
      const frame = segment(sof, 8, 0, 19, 0, 21, components.length / 3, ...components);
      return refusal(putTogether(...colour.map((part) => (part.marker === sof ? frame : part))));
    };
    const damaged = because('its frame header is damaged');
    expect(sampled(1, 0x00, 0, 2, 0x11, 1, 3, 0x11, 1)).toBe(damaged);
    expect(sampled(1, 0x51, 0, 2, 0x11, 1, 3, 0x11, 1)).toBe(damaged);
    expect(sampled(1, 0x22, 0, 1, 0x11, 1, 3, 0x11, 1)).toBe(damaged);
    expect(sampled(1, 0x31, 0, 2, 0x21, 1, 3, 0x11, 1)).toBe(
      because('its colours are subsampled by a fraction; save it as 4:4:4 or 4:2:0'),
    );
    expect(sampled(1, 0x11, 0, 2, 0x11, 1)).toBe(because('it has 2 colour channels; save it in RGB or grey'));
  });

  test('markers that have no place here', () => {
    for (const marker of [0x00, 0x01, 0xd0, 0xd8]) {
      expect(refusal(putTogether(Buffer.of(0xff, marker), ...colour))).toBe(because('a marker is out of place'));
    }
    expect(refusal(putTogether(Buffer.of(0xff, 0xe0, 0, 1), ...colour))).toBe(because('a marker has no length'));
    expect(refusal(putTogether(segment(dri, 1), ...colour))).toBe(because('its restart interval is damaged'));
  });
});

test('a grey image with the sampling factors of a colour image is the same image', () => {
  const file = fixture('grey-baseline-restart.jpg');
  const odd = Buffer.from(file);
  odd[odd.indexOf(Buffer.of(0xff, sof)) + 11] = 0x22;
  expect(decodeImage(odd, 'body')).toEqual(decodeImage(file, 'body'));
});
