import { invalidInput } from '../../core/errors.js';

export interface CsvRow {
  /** From 1, as editors count. */
  readonly line: number;
  /** Without quotes and without space around. */
  readonly cells: readonly string[];
}

const separators = [',', ';', '\t'];

/**
 * RFC 4180, as far as numbers need it: cells may stand in quotes, but no line ends within them. Lines end with LF, CRLF or CR;
 * empty ones at the end are left out.
 * @throws INVALID_INPUT for quotes that don't match, and for an empty line before others
 */
export function splitCsv(text: string, field: string): CsvRow[] {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.length > 0 && (lines.at(-1) as string).trim() === '') lines.pop();
  // The first line says which separator it is. A comma in quotes is none.
  const bare = (lines[0] ?? '').replace(/"[^"]*"/g, '');
  const separator = separators.find((one) => bare.includes(one)) ?? ',';
  return lines.map((content, index) => {
    const at = `${field}, line ${index + 1}`;
    if (content.trim() === '') throw invalidInput(at, 'is empty; fill the gap, e.g. with the mean of its neighbours');
    return { line: index + 1, cells: splitLine(content, separator, at) };
  });
}

function splitLine(content: string, separator: string, at: string): string[] {
  if (!content.includes('"')) return content.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  for (let rest = content; ; ) {
    const [quoted = '', inside = ''] = /^ *"((?:[^"]|"")*)" */.exec(rest) ?? [];
    const next = quoted === '' ? rest.indexOf(separator) : quoted.length;
    const cell = quoted === '' ? (next === -1 ? rest : rest.slice(0, next)) : inside.replaceAll('""', '"');
    if (quoted === '' && cell.includes('"')) throw invalidInput(at, 'has a quote that opens or closes no cell');
    cells.push(cell.trim());
    if (next === -1 || next >= rest.length) return cells;
    if (!rest.startsWith(separator, next)) throw invalidInput(at, 'has text behind a closing quote');
    rest = rest.slice(next + 1);
  }
}
