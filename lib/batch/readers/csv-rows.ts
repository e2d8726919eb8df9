import Papa from 'papaparse';
import { invalidInput } from '../../core/errors.js';
import { parseInstance } from '../../core/instance.js';
import { contentOf } from './batch-line.js';
import { type CsvRecord, csvRecords, separatorOf } from './csv-records.js';
import type { FormatReader, RecordContent } from './found-record.js';
import { splitLines } from './split-records.js';
import { decodeText, heldBytes } from './text.js';

/** What a number looks like; `Number` alone would read '', '0x10' and 'Infinity' too. */
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Columns whose cells are texts also where they look like numbers. */
const textColumns: readonly string[] = ['text', 'b64'];

interface Header {
  readonly separator: string;
  readonly columns: readonly string[];
}

/**
 * `.csv`: an instance a row below a header. A column `id` is carried over. Where the task has no JSON of its own the other columns
 * are numbers, in their order; else they are its fields, as an object, so that it prepares them: numbers never pass it by.
 */
export const readCsvRows: FormatReader = async function* ({ bytes, context }, start) {
  const toValue = context.task.startsWith('tensor@') ? numbersOf : fieldsOf;
  const records = csvRecords(splitLines(bytes(0), 0));
  try {
    const first = await records.next();
    if (first.done) return;
    const header = readHeader(first.value);
    const rows = start === 0 ? records : csvRecords(splitLines(bytes(start), start), header.separator);
    if (rows !== records) await records.return();
    for await (const row of rows) yield { end: row.end, read: () => readRow(row, header, toValue) };
  } finally {
    await records.return();
  }
};

/** @throws INVALID_INPUT where the first line is none */
function readHeader(record: CsvRecord): Header {
  const separator = separatorOf(record);
  const columns = cellsOf(record, separator).map((name) => name.trim());
  const wrong = (problem: string) => invalidInput('', `the first line ${problem}; name each column once in it`);
  if (columns.every((name) => number.test(name))) throw wrong('holds numbers, no names');
  if (columns.includes('')) throw wrong(`leaves column ${columns.indexOf('') + 1} without a name`);
  if (new Set(columns).size < columns.length) throw wrong('names a column twice');
  if (columns.join() === 'id') throw wrong("has no column beside 'id'");
  return { separator, columns };
}

type Cell = readonly [column: string, text: string];

function readRow(
  record: CsvRecord,
  { separator, columns }: Header,
  toValue: (row: readonly Cell[]) => unknown,
): RecordContent {
  let id: string | undefined;
  const content = contentOf(() => {
    const cells = cellsOf(record, separator);
    if (cells.length !== columns.length) {
      const problem = `the row has ${cells.length} cells, the header has ${columns.length}`;
      throw invalidInput('', `${problem}; quote cells that hold a separator`);
    }
    id = cells[columns.indexOf('id')];
    const row = columns.map((name, index): Cell => [name, cells[index] as string]).filter(([name]) => name !== 'id');
    return { instance: parseInstance(toValue(row), 'instance') };
  });
  return { id, ...content };
}

function numbersOf(row: readonly Cell[]): readonly number[] {
  return row.map(([column, cell]) => {
    const text = cell.trim();
    if (number.test(text)) return Number(text);
    throw invalidInput(
      `column ${JSON.stringify(column)}`,
      'expected a number; fill or leave out what was not measured',
    );
  });
}

/** A cell is a number where it looks like one; a code such as 007 does not. */
function fieldsOf(row: readonly Cell[]): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    row.map(([column, cell]) => {
      const text = cell.trim();
      const isNumber = number.test(text) && !/^[+-]?0\d/.test(text) && !textColumns.includes(column);
      return [column, isNumber ? Number(text) : cell];
    }),
  );
}

/** @throws INVALID_INPUT */
function cellsOf(record: CsvRecord, separator: string): readonly string[] {
  const text = decodeText(heldBytes(record)).replace(/\r?\n$/, '');
  const { data, errors } = Papa.parse<string[]>(text, { delimiter: separator, newline: '\n' });
  if (record.broken || errors.length > 0 || data.length !== 1) {
    throw invalidInput('', 'the row has quotes that do not match; double a quote within quotes');
  }
  return data[0] as string[];
}
