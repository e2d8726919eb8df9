import { ModeletError } from '../../core/errors.js';
import type { RecordContext } from '../record.js';

/** Files that can be one record, by the ending of their names. */
const types: ReadonlyMap<string, string> = new Map([
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.wav', 'audio/wav'],
  ['.csv', 'text/csv'],
  ['.txt', 'text/plain'],
]);

/** The end of a name from its last dot on, in lower case: `.png`; '' where there is none. */
export function ending(name: string): string {
  return /\.[a-z0-9]{1,16}$/i.exec(name)?.[0].toLowerCase() ?? '';
}

export function mediaTypeOf(name: string): string | undefined {
  return types.get(ending(name));
}

/** @returns why the model can't take a file of this name, if it can't */
export function refuseFile(name: string, { mediaTypes }: RecordContext): ModeletError | undefined {
  const type = mediaTypeOf(name);
  if (type !== undefined && mediaTypes.includes(type)) return undefined;
  const taken = [...types].filter(([, known]) => mediaTypes.includes(known)).map(([known]) => known);
  const came = ending(name) === '' ? 'a file without an ending' : `a ${ending(name)} file`;
  const wanted = taken.length === 0 ? 'no files, send JSON instances in a .jsonl' : `${taken.join(', ')} files`;
  return new ModeletError('UNSUPPORTED_MEDIA_TYPE', `${came} came; this model takes ${wanted}`);
}
