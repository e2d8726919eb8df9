import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { badSource } from './bad-source.js';
import { maxFileBytes } from './limits.js';

const maxFiles = 10_000;

/** What a SavedModel consists of; anything else beside it (a README) is not published. */
const parts = /^(saved_model\.pb|fingerprint\.pb|keras_metadata\.pb|variables\/[^/]+|assets\/.+|assets\.extra\/.+)$/;

/**
 * The files of a SavedModel, by their path inside it with slashes.
 * @throws INVALID_INPUT when they are too many or too large
 */
export async function readSavedModel(folder: string): Promise<Map<string, Uint8Array>> {
  const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll('\\', '/')).sort();
  if (names.length > maxFiles)
    throw badSource(`the folder has ${names.length} files`, 'publish the folder of one SavedModel');
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for (const name of names.filter((candidate) => parts.test(candidate))) {
    const about = await stat(join(folder, name));
    if (!about.isFile()) continue;
    total += about.size;
    if (total > maxFileBytes) throw badSource('the SavedModel is larger than 2 GiB', 'publish a smaller model');
    files.set(name, await readFile(join(folder, name)));
  }
  if (![...files.keys()].some((name) => name.startsWith('variables/'))) {
    // A model without variables is possible; one whose variables were left behind is likelier, and fails only later.
    return files;
  }
  if (!files.has('variables/variables.index')) {
    throw badSource('the SavedModel has variables without variables/variables.index', 'copy the whole folder again');
  }
  return files;
}
