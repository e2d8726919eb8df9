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

/** Columns whose rows are fields of the task's own JSON, in which cells are texts. */
const textColumns = ['text', 'b64'];

interface Header {
  readonly separator: string;
  readonly columns: readonly string[];
}

/**
 * `.csv`: an instance a row below a header. A column `id` is carried over. With a column `text` or `b64` a row is an object of its
 * cells, as in JSON; without one it is numbers in the order of the columns.
 */
export const readCsvRows: FormatReader = async function* ({ bytes }, start) {
  const records = csvRecords(splitLines(bytes(0), 0));
  try {
    const first = await records.next();
    if (first.done) return;
    const header = readHeader(first.value);
    const rows = start === 0 ? records : csvRecords(splitLines(bytes(start), start), header.separator);
    if (rows !== records) await records.return();
    for await (const row of rows) yield { end: row.end, read: () => readRow(row, header) };
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

function readRow(record: CsvRecord, { separator, columns }: Header): RecordContent {
  let id: string | undefined;
  const content = contentOf(() => {
    const cells = cellsOf(record, separator);
    if (cells.length !== columns.length) {
      throw invalidInput(
        '',
        `the row has ${cells.length} cells, the header has ${columns.length}; quote cells with separators`,
      );
    }
    id = cells[columns.indexOf('id')];
    const named = columns
      .map((name, index) => [name, cells[index] as string] as const)
      .filter(([name]) => name !== 'id');
    const value = columns.some((name) => textColumns.includes(name))
      ? Object.fromEntries(named)
      : named.map(([name, cell]) => readNumber(cell, name));
    return { instance: parseInstance(value, 'instance') };
  });
  return { id, ...content };
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

function readNumber(cell: string, column: string): number {
  const text = cell.trim();
  if (number.test(text)) return Number(text);
  throw invalidInput(`column ${JSON.stringify(column)}`, "expected a number; name a column 'text' to send text");
}
