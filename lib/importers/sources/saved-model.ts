import { lstat, readdir, readFile } from 'node:fs/promises';
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
    const about = await lstat(join(folder, name));
    if (about.isDirectory()) continue;
    // A link may lead to any file of this machine, which would be published.
    if (!about.isFile())
      throw badSource(`'${name}' in the SavedModel is a link`, `copy its files: cp -rL ${folder} copy`);
    total += about.size;
    if (total > maxFileBytes) throw badSource('the SavedModel is larger than 2 GiB', 'publish a smaller model');
    files.set(name, await readFile(join(folder, name)));
  }
  checkVariables([...files.keys()]);
  return files;
}

/** A model without variables is possible; a part of them is not. */
function checkVariables(names: readonly string[]): void {
  const variables = names.filter((name) => name.startsWith('variables/'));
  const whole = variables.includes('variables/variables.index') && variables.some((name) => name.includes('.data-'));
  if (variables.length > 0 && !whole) {
    throw badSource('the SavedModel has a part of its variables only', 'copy the whole folder again');
  }
}
