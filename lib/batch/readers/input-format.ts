import { ModeletError } from '../../core/errors.js';
import type { RecordContext } from '../record.js';
import { ending, mediaTypeOf, refuseFile } from './media-types.js';

export type InputFormat = 'json-lines' | 'json-array' | 'csv-rows' | 'text-lines' | 'manifest' | 'zip' | 'tar' | 'file';

const formats: readonly (readonly [string, InputFormat])[] = [
  ['.manifest.jsonl', 'manifest'],
  ['.jsonl', 'json-lines'],
  ['.ndjson', 'json-lines'],
  ['.json', 'json-array'],
  ['.csv', 'csv-rows'],
  ['.txt', 'text-lines'],
  ['.zip', 'zip'],
  ['.tar', 'tar'],
];

/**
 * How an upload is read, by the ending of its name.
 * @throws UNSUPPORTED_MEDIA_TYPE where it can't be, or where the model takes no such file
 */
export function inputFormat(key: string, context: RecordContext): { format: InputFormat; gzipped: boolean } {
  const name = key.toLowerCase().replace(/\.tgz$/, '.tar.gz');
  const gzipped = name.endsWith('.gz');
  const plain = gzipped ? name.slice(0, -'.gz'.length) : name;
  const format = formats.find(([end]) => plain.endsWith(end))?.[1] ?? 'file';
  if (format === 'zip' && gzipped) throw unsupported('a .zip.gz is packed twice; upload the .zip itself');
  if (format === 'file' && mediaTypeOf(plain) === undefined) {
    const came = ending(plain) === '' ? 'files without an ending are' : `${ending(plain)} files are`;
    throw unsupported(`${came} not read; upload .jsonl, .csv, .json, .zip, .tar or a file that the model takes`);
  }
  // A model that takes such a file takes it as a whole: a series is no list of rows.
  if (format === 'csv-rows' && context.mediaTypes.includes('text/csv')) return { format: 'file', gzipped };
  if (format === 'file' || format === 'text-lines') {
    const refused = refuseFile(plain, context);
    if (refused !== undefined) throw refused;
  }
  return { format, gzipped };
}

function unsupported(message: string): ModeletError {
  return new ModeletError('UNSUPPORTED_MEDIA_TYPE', message);
}
