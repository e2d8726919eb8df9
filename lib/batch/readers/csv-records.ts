import { join, maxLineBytes, type Slice } from './split-records.js';
import { isBlank } from './text.js';

const [quote, lineFeed, carriageReturn, space] = [0x22, 0x0a, 0x0d, 0x20];

const separators = [',', ';', '\t'];

/** What stands between cells: the first of comma, semicolon and tab that the first line has outside of quotes. */
export function separatorOf({ bytes }: Slice): string {
  const [first = ''] = Buffer.from(bytes ?? [])
    .toString('latin1')
    .split('\n', 1);
  const bare = first.replace(/"[^"]*"/g, '');
  return separators.find((one) => bare.includes(one)) ?? ',';
}

/** A record of CSV: one line, or several where a line ends within quotes. */
export interface CsvRecord extends Slice {
  /** Its quotes don't match. */
  readonly broken: boolean;
}

/**
 * Lines → records (RFC 4180). A quote that is never closed would swallow all that follows: a record whose quotes don't match is
 * only its first line, and the next begins behind that, as if it were entered there. Blank lines are no records.
 * @param separator between cells; by the first line where it is not given
 */
export async function* csvRecords(
  lines: AsyncGenerator<Slice, void, void>,
  separator?: string,
): AsyncGenerator<CsvRecord, void, void> {
  /** Lines read ahead, the next one last. */
  const ahead: Slice[] = [];
  const next = async (): Promise<Slice | undefined> => ahead.pop() ?? ((await lines.next()).value || undefined);
  let between = separator?.charCodeAt(0);
  try {
    for (let line = await next(); line !== undefined; line = await next()) {
      if (line.bytes !== undefined && isBlank(line.bytes)) continue;
      between ??= separatorOf(line).charCodeAt(0);
      const following: Slice[] = [];
      const record = await joinQuoted(line, between, async () => {
        const another = await next();
        if (another !== undefined) following.push(another);
        return another;
      });
      if (record === undefined) while (following.length > 0) ahead.push(following.pop() as Slice);
      yield record ?? { ...line, broken: true };
    }
  } finally {
    await lines.return();
  }
}

/** A line with those behind it that its quotes reach over; undefined where they don't match. */
async function joinQuoted(
  first: Slice,
  separator: number,
  next: () => Promise<Slice | undefined>,
): Promise<CsvRecord | undefined> {
  if (!first.bytes?.includes(quote)) return { ...first, broken: false };
  const parts = [first.bytes];
  let { length } = first.bytes;
  let { end } = first;
  let state = checkQuotes(first.bytes, separator, false);
  while (state === 'open') {
    const line = await next();
    length += line?.bytes?.length ?? 0;
    if (line?.bytes === undefined || length > maxLineBytes) return undefined;
    parts.push(line.bytes);
    end = line.end;
    state = checkQuotes(line.bytes, separator, true);
  }
  return state === 'closed' ? { bytes: join(parts, length), end, broken: false } : undefined;
}

/**
 * Whether a line ends within quotes. Broken: text behind a closing quote; also a cell over several lines behind one with a
 * quote inside, which is how lines could open quotes one after the other and each be looked at to the end.
 * @param quoted whether the line begins within quotes
 */
function checkQuotes(line: Uint8Array, separator: number, quoted: boolean): 'open' | 'closed' | 'broken' {
  let cell: 'start' | 'bare' | 'quoted' | 'closed' = quoted ? 'quoted' : 'start';
  let quoteInside = false;
  for (const byte of line) {
    if (cell === 'quoted') {
      if (byte === quote) cell = 'closed';
    } else if (byte === quote) {
      // Behind a closing quote it makes both a quote in the text.
      if (cell === 'bare') quoteInside = true;
      else cell = 'quoted';
    } else if (byte === separator) cell = 'start';
    else if (byte === lineFeed || byte === carriageReturn || (cell === 'closed' && byte === space)) continue;
    else if (cell === 'closed') return 'broken';
    else cell = 'bare';
  }
  if (cell !== 'quoted') return 'closed';
  return quoteInside ? 'broken' : 'open';
}
