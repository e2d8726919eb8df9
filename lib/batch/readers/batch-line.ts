import { describeValue, invalidInput, ModeletError } from '../../core/errors.js';
import { parseInstance } from '../../core/instance.js';
import type { RecordContent } from './found-record.js';
import { parseJson } from './text.js';

/** One instance as JSON text, bare or as `{"id": …, "instance": …}`. Whatever is wrong with it becomes its error. */
export function readBatchLine(bytes: () => Uint8Array): RecordContent {
  return contentOf(() => {
    const value = parseJson(bytes());
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'instance')) {
      return { instance: parseInstance(value, 'instance') };
    }
    const { id: raw, instance, ...others } = value as Record<string, unknown>;
    const id = readId(raw);
    const [other] = Object.keys(others);
    if (other !== undefined) {
      return {
        id,
        error: invalidInput('', 'the record has other fields beside "id" and "instance"; put them into the instance'),
      };
    }
    return { id, ...contentOf(() => ({ instance: parseInstance(instance, 'instance') })) };
  });
}

/** @throws INVALID_INPUT */
export function readId(id: unknown): string | number | undefined {
  // What pandas writes where there is none.
  if (id === undefined || id === null) return undefined;
  if (typeof id === 'string') return id;
  // JSON's numbers lose digits beyond 2^53: two records would have one id, and that of neither.
  if (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER) return id;
  if (typeof id === 'number') throw invalidInput('id', 'has more digits than a number of JSON holds; write it as text');
  throw invalidInput('id', `expected text or a number, got ${describeValue(id)}`);
}

/** What is wrong with a record belongs into its row; what may go well another time ends the reading. */
export function contentOf(read: () => RecordContent): RecordContent {
  try {
    return read();
  } catch (error) {
    if (error instanceof ModeletError && !error.retryable) return { error };
    throw error;
  }
}
