import { realpath, rmdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { allowing } from './file-errors.js';

/** Throws when a symbolic link between root and path leads out of root, or when root is no folder. Neither need exist. */
export async function assertInside(root: string, path: string): Promise<void> {
  const realRoot = await allowing(['ENOENT'], realpath(root));
  if (realRoot === undefined) return;
  if (!(await stat(realRoot)).isDirectory()) throw new Error('the location is a file, not a folder');
  // What does not exist can't lead anywhere, so the nearest part that exists decides; root itself does.
  for (let at = path; ; at = dirname(at)) {
    const real = await allowing(['ENOENT', 'ENOTDIR'], realpath(at));
    if (real === undefined) continue;
    const way = relative(realRoot, real);
    if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return;
    throw new Error('a symbolic link leads out of the folder; put the files themselves there');
  }
}

/** Removes the folder and those above it, up to root, as far as they are empty: S3 has no empty folders either. */
export async function pruneFolders(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
