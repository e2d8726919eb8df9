import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ModeletError } from '../../../lib/core/errors.js';
import { readCsv } from '../../../lib/tasks/series/read-csv.js';
import { requirePart } from '../../support/requires.js';

const read = (text: string): number[] => [...readCsv(Buffer.from(text), 'body')];

describe('a series as CSV', () => {
  test.each([
    ['values alone', '1\n2.5\n-3e2\n'],
    ['a header', 'Temp\n1\n2.5\n-3e2'],
    ['quotes', '"Date","Temp"\n"2024-01-01",1\n"2024-01-02","2.5"\n"2024-01-03",-300\n'],
    ['CRLF and a byte order mark', '\uFEFFvalue\r\n1\r\n2.5\r\n-300\r\n\r\n'],
    ['CR alone', '1\r2.5\r-300'],
    ['semicolons', 'date;value\n2024-01-01;1\n2024-01-02;2.5\n2024-01-03;-300'],
    ['tabs, and space around', '2024-01-01\t 1\n2024-01-02\t2.5 \n2024-01-03\t-300'],
    ['the value first, by its name', 'Value,when\n1,2024-01-01\n2.5,2024-01-02\n-300,2024-01-03'],
    ['the date last, by its name', 'temp,date\n1,2024-01-01\n2.5,2024-01-02\n-300,2024-01-03'],
    ['an index', ',Temp\n999,1\n1000,2.5\n1001,-300'],
    ['months', '2023-12,1\n2024-01,2.5\n2024-02,-300'],
    ['months by their first day', '2023-12-01,1\n2024-01-01,2.5\n2024-02-01,-300'],
    ['months by their last day', '2023-12-31,1\n2024-01-31,2.5\n2024-02-29,-300'],
    ['hours', '2024-01-01T23:00Z,1\n2024-01-02T00:00Z,2.5\n2024-01-02 02:00+01:00,-300'],
    ['years', '1999,1\n2000,2.5\n2001,-300'],
    ['a calendar without leap days', '2024-02-27,1\n2024-02-28,2.5\n2024-03-01,-300'],
    ['more columns, one of them named', 'place,Date,Value\nA,2024-01-01,1\nB,2024-01-02,2.5\nC,2024-01-03,-300'],
    ['a header with a quote in it', '"the ""value"""\n1\n2.5\n-300'],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual([1, 2.5, -300]);
  });

  test('a header alone is an empty series', () => {
    expect(read('date,value\n')).toEqual([]);
  });
});

describe('refuses', () => {
  test.each([
    ['nothing', '', 'body: is empty; expected a value a line'],
    ['empty lines alone', '\n \n', 'body: is empty'],
    ['a gap', '1\n\n3\n', 'body, line 2: is empty; fill the gap'],
    ['an empty cell', 'date,value\n2024-01-01,\n2024-01-02,2\n', 'body, line 2: has no value; fill the gap'],
    ['NaN', '1\nNaN\n3\n', 'body, line 2: expected a number'],
    ['NaN in the first line', 'NaN\n2\n3\n', 'body, line 1: expected a number'],
    ['infinity', '1\nInfinity\n', 'body, line 2: expected a number'],
    ['a hexadecimal number', '1\n0x10\n', 'body, line 2: expected a number'],
    ['words', '1\nwarm\n', 'body, line 2: expected a number'],
    ['words in the first line', '2024-01-01,warm\n2024-01-02,2\n', 'body, line 1: expected a number'],
    [
      'a decimal comma behind a semicolon',
      'date;value\n2024-01-01;1,5\n',
      'line 2: expected a number, with a decimal point',
    ],
    ['three columns', '1,2,3\n4,5,6\n', 'body: has 3 columns; expected a value a line'],
    ['a line that is shorter', 'date,value\n2024-01-01,1\n2\n', 'body, line 3: has 1 cells, the first line has 2'],
    ['a missing day', '2024-01-01,1\n2024-01-02,2\n2024-01-04,3\n', 'line 3: stands at another distance'],
    ['a missing month', '2024-01,1\n2024-02,2\n2024-04,3\n', 'line 3: stands at another distance'],
    ['a day twice', '2024-01-01,1\n2024-01-01,2\n', 'line 2: is not later than the line before'],
    ['the newest first', '2024-01-02,1\n2024-01-01,2\n', 'line 2: is not later'],
    ['a date in another order', '24/11/2026,1\n', 'line 1: has a timestamp of another form'],
    ['a day that does not exist', '2024-02-30,1\n', 'line 1: has a timestamp of another form'],
    [
      'forms of timestamps mixed',
      '2024-01-01,1\n2,2\n',
      'line 2: has a timestamp of another form than the line before',
    ],
    ['an open quote', '"1\n2\n', 'line 1: has a quote that opens or closes no cell'],
    ['text behind a quote', '"1"2\n', 'line 1: has text behind a closing quote'],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => read(text)).toThrow(message);
  });

  test('bytes that are no UTF-8', () => {
    expect(() => readCsv(Uint8Array.of(0x31, 0x0a, 0xff), 'body')).toThrow('body: is not text in UTF-8');
  });
});

test('whatever comes is read as finite numbers, or refused with INVALID_INPUT', () => {
  const pieces = [
    '\n',
    '\r\n',
    ',',
    ';',
    '"',
    '""',
    '1',
    '-2.5e3',
    '1e999',
    '2024-01-01',
    'NaN',
    ' ',
    '\t',
    'x',
    '.',
    '\u0000',
  ];
  const text = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string(),
  );
  const settled = (bytes: Uint8Array): void => {
    try {
      expect([...readCsv(bytes, 'body')].some(Number.isNaN)).toBe(false);
    } catch (error) {
      if (!(error instanceof ModeletError) || error.code !== 'INVALID_INPUT') throw error;
    }
  };
  fc.assert(
    fc.property(text, (value) => settled(Buffer.from(value))),
    { numRuns: 500, seed: 1 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), settled), { numRuns: 200, seed: 2 });
});

test('what is written is read again', () => {
  const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 30 });
  const layout = fc.record({
    separator: fc.constantFrom(',', ';', '\t'),
    end: fc.constantFrom('\n', '\r\n'),
    quoted: fc.boolean(),
  });
  fc.assert(
    fc.property(numbers, layout, (values, { separator, end, quoted }) => {
      const cell = (content: unknown): string => (quoted ? `"${content}"` : `${content}`);
      const lines = values.map((value, index) => `${cell(index)}${separator}${cell(value)}`);
      expect(read(lines.join(end))).toEqual(values.map((value) => (Object.is(value, -0) ? 0 : value)));
    }),
    { numRuns: 100, seed: 3 },
  );
});

requirePart(
  '../shared/data/time-series',
  existsSync('../shared/data/time-series'),
  'a checkout that has ../shared',
)('files as they are', () => {
  test.each([
    ['daily-min-temperatures', 3650, 20.7],
    ['airline-passengers', 144, 112],
    ['monthly-sunspots', 2820, 58],
  ])('%s', (name, count, first) => {
    const values = readCsv(readFileSync(`../shared/data/time-series/${name}.csv`), 'body');
    expect([values.length, values[0]]).toEqual([count, first]);
  });
});

test('a cell of a million digits takes no time', () => {
  const start = Date.now();
  expect(() => read(`1\n${'1'.repeat(1_000_000)}x`)).toThrow('line 2: expected a number');
  expect(Date.now() - start).toBeLessThan(2000);
});
