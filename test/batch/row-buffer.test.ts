import { expect, test } from '@jest/globals';
import { createRowBuffer } from '../../lib/batch/row-buffer.js';

test('rows stand one behind the other, also where they outgrow the buffer', () => {
  const rows = ['{"a":1}\n', '\n', `${'ü€😀'.repeat(200_000)}\n`, 'x'.repeat(2 ** 22), 'the last\n'];
  const buffer = createRowBuffer();
  for (const row of rows) buffer.add(row);
  const expected = Buffer.from(rows.join(''));
  expect(buffer.bytes).toBe(expected.length);
  expect(expected.equals(buffer.rows())).toBe(true);
});

test('without a row it is empty', () => {
  expect(createRowBuffer().rows()).toHaveLength(0);
});
