import { invalidInput } from '../../core/errors.js';
import { splitCsv } from './split-csv.js';
import { createGapCheck, isDate } from './timestamps.js';

/** What a number looks like; `Number` alone would read '', '0x10' and 'Infinity' too. */
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

const wanted = 'expected a value a line, or a timestamp and a value';

/**
 * A series as CSV in UTF-8: a value a line, or a timestamp and a value (in this order unless a header says otherwise), separated by commas, semicolons or tabs; the first line may
 * be a header. Of more columns the one is read whose header is `value`, and timestamps from `timestamp`, `date` or `time`.
 * @param field where it stands in the request, for messages
 * @throws INVALID_INPUT naming the line that is wrong
 */
export function readCsv(bytes: Uint8Array, field: string): Float64Array {
  const rows = splitCsv(decode(bytes, field), field);
  const [head] = rows;
  if (head === undefined) throw invalidInput(field, `is empty; ${wanted}`);
  const width = head.cells.length;
  const named = isHeader(head.cells);
  const columns = chooseColumns(head.cells, named, field);
  const body = named ? rows.slice(1) : rows;
  const values = new Float64Array(body.length);
  const checkStep = createGapCheck();
  body.forEach(({ line, cells }, index) => {
    const at = `${field}, line ${line}`;
    if (cells.length !== width) throw invalidInput(at, `has ${cells.length} cells, the first line has ${width}`);
    values[index] = readNumber(cells[columns.value] as string, at);
    if (columns.time !== undefined) checkStep(cells[columns.time] as string, at);
  });
  return values;
}

function decode(bytes: Uint8Array, field: string): string {
  try {
    // A byte order mark is left out by the decoder.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidInput(field, 'is not text in UTF-8; send CSV');
  }
}

/** Words that stand for a missing value, not for a name. */
const missing = /^(?:|nan|null|none|n\/?a|[+-]?inf(?:inity)?)$/i;

/** Whether a first line holds names: no number, no date. */
function isHeader(cells: readonly string[]): boolean {
  return cells.every((cell) => !number.test(cell) && !isDate(cell)) && !missing.test(cells.at(-1) ?? '');
}

function chooseColumns(head: readonly string[], named: boolean, field: string): { value: number; time?: number } {
  if (head.length === 1) return { value: 0 };
  const names = named ? head.map((name) => name.toLowerCase()) : [];
  const value = names.indexOf('value');
  const time = names.findIndex((name) => ['timestamp', 'date', 'time'].includes(name));
  if (head.length === 2) return value === 0 || time === 1 ? { value: 0, time: 1 } : { value: 1, time: 0 };
  if (value === -1 || value !== names.lastIndexOf('value')) {
    throw invalidInput(field, `has ${head.length} columns; ${wanted}, or name one column 'value' in a header`);
  }
  return time === -1 ? { value } : { value, time };
}

function readNumber(cell: string, at: string): number {
  if (cell === '') throw invalidInput(at, 'has no value; fill the gap, e.g. with the mean of its neighbours');
  if (number.test(cell)) return Number(cell);
  const comma = /^[+-]?\d+,\d+$/.test(cell) ? ', with a decimal point' : '';
  throw invalidInput(at, `expected a number${comma}; leave out or fill what was not measured`);
}
