import { invalidInput, type ModeletError } from '../../core/errors.js';
import { readBatchLine } from './batch-line.js';
import type { FormatReader } from './found-record.js';
import { splitRecords } from './split-records.js';
import { heldBytes, isBlank } from './text.js';

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [bracket, bracketEnd, brace, braceEnd] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * `.json`: an array of instances, of any length. Its elements are found by counting brackets and parsed one by one: a parser of
 * the whole would have to hold an element however long it is. A broken one costs only itself as long as its brackets match.
 */
export const readJsonArray: FormatReader = async function* ({ bytes }, start) {
  const scanner = elementScanner(start === 0);
  let expected: 'opening' | 'delimiter' | 'first' | 'element' | 'nothing' = start === 0 ? 'opening' : 'delimiter';
  for await (const slice of splitRecords(bytes(start), start, scanner.findEnd)) {
    const by = scanner.endedBy();
    if (expected === 'opening' || expected === 'nothing') {
      if (by === undefined) continue;
      if (expected === 'nothing') throw badArray('goes on behind its array');
      if (by !== bracket) throw badArray('is no array');
      expected = 'first';
      continue;
    }
    if (by === undefined) throw badArray('ends within its array');
    const between =
      expected === 'delimiter' ||
      (expected === 'first' && by === bracketEnd && isBlank(heldBytes(slice).subarray(0, -1)));
    expected = by === comma ? 'element' : 'nothing';
    // An array is entered again at what stands behind an element: it says whether there is another.
    if (!between) yield { end: slice.end - 1, read: () => readBatchLine(() => heldBytes(slice).subarray(0, -1)) };
  }
  if (expected !== 'opening' && expected !== 'nothing') throw badArray('ends within its array');
};

/**
 * Finds where elements end: at the comma or bracket behind them. Outside of the array whatever stands there ends a slice.
 * @param outside whether the bytes begin before the array, or behind one of its elements
 */
function elementScanner(outside: boolean) {
  /** Of brackets within the array's own; -1 outside of it. */
  let depth = outside ? -1 : 0;
  let quoted = false;
  let escaped = false;
  let by: number | undefined;

  /** Whether a byte ends the slice. */
  const step = (byte: number): boolean => {
    if (quoted) {
      if (escaped) escaped = false;
      else if (byte === backslash) escaped = true;
      else if (byte === quote) quoted = false;
    } else if (depth === -1) {
      if (byte === bracket) depth = 0;
      return byte > 0x20;
    } else if (byte === quote) quoted = true;
    else if (byte === bracket || byte === brace) depth++;
    else if (depth > 0 && (byte === bracketEnd || byte === braceEnd)) depth--;
    else if (depth === 0 && byte === bracketEnd) {
      depth = -1;
      return true;
    } else return depth === 0 && byte === comma;
    return false;
  };

  return {
    /** What ended the last slice; undefined where the input did. */
    endedBy: () => by,
    findEnd: (chunk: Uint8Array, from: number): number => {
      by = undefined;
      for (let index = from; index < chunk.length; index++) {
        if (!step(chunk[index] as number)) continue;
        by = chunk[index];
        return index + 1;
      }
      return -1;
    },
  };
}

function badArray(problem: string): ModeletError {
  return invalidInput('', `the file ${problem}; write [instance, …], or an instance a line in a .jsonl`);
}
