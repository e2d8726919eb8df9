import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { decodeImage } from '../../../lib/tasks/image/decode-image.js';
import { drawDigit } from '../../../training/draw-digit.js';
import { memoryInput, readAll } from './memory-input.js';

test('examples/digits.jsonl holds the ten digits as training/draw-example.ts draws them', async () => {
  const { records, error } = await readAll(memoryInput('digits.jsonl', readFileSync('examples/digits.jsonl')));
  expect(error).toBeUndefined();
  expect(records.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, digit) => `drawn-${digit}`));
  const drawn = records.map((record) => {
    if (!('instance' in record) || record.instance.kind !== 'file') throw new Error('no file');
    const { width, rgba } = decodeImage(record.instance.bytes, 'instance');
    return Buffer.from(drawDigit(record.index, width)).equals(rgba.filter((_, index) => index % 4 === 0));
  });
  expect(drawn).toEqual(records.map(() => true));
});
