import { invalidInput, ModeletError } from '../../core/errors.js';
import { maxFileBytes, type RecordContext } from '../record.js';
import type { RecordContent } from './found-record.js';
import { ending, refuseFile } from './media-types.js';
import { tooLarge } from './read-file.js';

/** UTF-16 units of an entry's name, which goes into its row. S3's keys end there too. */
const maxName = 1024;

const archives: readonly string[] = ['.zip', '.tar', '.tgz', '.gz', '.bz2', '.xz', '.7z', '.rar', '.zst'];

/** Folders, and what file managers and tools add to an archive that nobody asked them to: `.DS_Store`, `__MACOSX/`. */
export function isNoRecord(name: string): boolean {
  if (name.endsWith('/') && !leaves(name)) return true;
  const parts = name.split('/');
  return parts[0] === '__MACOSX' || parts.some((part) => part.startsWith('.') && part !== '.' && part !== '..');
}

/**
 * An entry of an archive as a record; its name is the id.
 * @param bytes what it unpacks to, by the archive's own word
 * @param problem why it can't be read, as only its archive's format knows
 * @param read its content, asked for only where nothing speaks against it
 */
export async function entryContent(
  { name, bytes, problem }: { readonly name: string; readonly bytes: number; readonly problem: string | undefined },
  context: RecordContext,
  read: () => Promise<RecordContent>,
): Promise<RecordContent> {
  const id = name.slice(0, maxName);
  const error = refuseName(name) ?? (problem === undefined ? undefined : invalidInput('', problem));
  if (error !== undefined) return { id, error };
  if (archives.includes(ending(name))) {
    const message = 'an archive within an archive is not unpacked; put its files into the outer one';
    return { id, error: new ModeletError('UNSUPPORTED_MEDIA_TYPE', message) };
  }
  const refused = refuseFile(name, context);
  if (refused !== undefined) return { id, error: refused };
  return bytes > maxFileBytes ? { id, error: tooLarge() } : { ...(await read()), id };
}

function refuseName(name: string): ModeletError | undefined {
  if (name.length > maxName) return invalidInput('', `its name has more than ${maxName} characters; shorten it`);
  return leaves(name)
    ? invalidInput('', 'its name leaves the archive; pack files by names below its folder')
    : undefined;
}

/** Nothing is written to a disk here, but whoever uses the id may do so. */
function leaves(name: string): boolean {
  return /^[/\\]|^[a-z]:|\\|\0/i.test(name) || name.split('/').includes('..');
}
