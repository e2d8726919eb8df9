import { createHash, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ModeletError } from '../../core/errors.js';
import type { ObjectStore, StoredObject } from '../../core/object-store.js';
import { allowing, fileStoreError } from './file-errors.js';
import { withFileLock } from './file-lock.js';
import { assertInside, pruneFolders } from './inside-folder.js';
import { checkKey, checkPrefix, ownPrefix } from './keys.js';

const absent = ['ENOENT', 'ENOTDIR', 'EISDIR'];

/**
 * Objects as the files of a folder, which need not exist yet. Every write is a draft beside its place that is linked or renamed
 * into it, so that a reader in any process sees the old object or the new one. Etags are the content's sha256.
 */
export function fileStore(location: string): ObjectStore {
  const root = resolve(location);
  let seen = false;

  /** What was found, or nothing; but a folder that was there and is gone (a mount, a disk) is no empty store. */
  async function foundIn<T>(found: T | undefined): Promise<T | undefined> {
    if (found !== undefined) seen = true;
    else if (seen && (await allowing(absent, stat(root))) === undefined) {
      throw new ModeletError('MODEL_UNAVAILABLE', `the folder ${location} is gone; bring it back`);
    }
    return found;
  }

  async function guarded<T>(action: string, key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      throw signal?.aborted ? signal.reason : fileStoreError(location, action, key, error);
    }
  }

  async function read(path: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    await assertInside(root, path);
    const body = await foundIn(await allowing(absent, readFile(path, { signal })));
    return body && { body, etag: etagOf(body) };
  }

  return {
    location,

    get: (key, { signal } = {}) => guarded('read', key, () => read(join(root, checkKey(key)), signal), signal),

    getUnless: async (etag, key) => {
      const object = await guarded('read', key, () => read(join(root, checkKey(key))));
      return object?.etag === etag ? 'unchanged' : object;
    },

    modified: (key) =>
      guarded('read', key, async () => {
        const path = join(root, checkKey(key));
        await assertInside(root, path);
        const found = await foundIn(await allowing(absent, stat(path)));
        return found?.isFile() ? found.mtime : undefined;
      }),

    put: (key, body, condition) =>
      guarded('write', key, async () => {
        const path = join(root, checkKey(key));
        await assertInside(root, dirname(path));
        const create = condition !== undefined && 'ifAbsent' in condition;
        const match = condition !== undefined && 'ifMatch' in condition ? condition.ifMatch : undefined;
        const matches = async () => match === undefined || (await read(path))?.etag === match;
        // Looked at before the lock too, so that what is refused leaves no trace.
        if (!(await matches())) return undefined;
        const draft = await draftBeside(path, body);
        try {
          const placed = create
            ? await placeNew(draft, path)
            : await withFileLock(lockOf(path), async () => (await matches()) && (await replace(draft, path)));
          return placed ? etagOf(body) : undefined;
        } finally {
          await rm(draft, { force: true });
          await pruneFolders(root, dirname(path));
        }
      }),

    list: (prefix) =>
      guarded('list', prefix, async () => {
        const folder = join(root, checkPrefix(prefix));
        await assertInside(root, folder);
        const names: string[] = [];
        for (const entry of (await foundIn(await allowing(absent, readdir(folder, { withFileTypes: true })))) ?? []) {
          if (entry.name.startsWith(ownPrefix)) continue;
          const kind = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry;
          if (kind.isDirectory()) names.push(`${entry.name}/`);
          else if (kind.isFile()) names.push(entry.name);
        }
        return names.sort();
      }),

    delete: (key) =>
      guarded('delete', key, async () => {
        const path = join(root, checkKey(key));
        await assertInside(root, dirname(path));
        const found = await allowing(absent, lstat(path));
        if (found === undefined || found.isDirectory()) return;
        // Absent now: another process removed it meanwhile, and perhaps its folder.
        await allowing(
          absent,
          withFileLock(lockOf(path), () => unlink(path)),
        );
        await pruneFolders(root, dirname(path));
      }),
  };
}

const etagOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

// Hashed, since a name may already be as long as a file system takes.
const lockOf = (path: string): string =>
  join(dirname(path), `${ownPrefix}${etagOf(Buffer.from(basename(path))).slice(0, 16)}.lock`);

/** Writes the bytes under a name that no reader sees, on the disk before it can be placed. */
async function draftBeside(path: string, body: Uint8Array, tries = 10): Promise<string> {
  const draft = join(dirname(path), `${ownPrefix}${randomUUID()}.draft`);
  const opened = mkdir(dirname(path), { recursive: true }).then(() => open(draft, 'wx'));
  // The folder can vanish in between: whoever deletes its last object removes it.
  const file = await allowing(tries > 1 ? ['ENOENT'] : [], opened);
  if (file === undefined) return draftBeside(path, body, tries - 1);
  try {
    await file.writeFile(body);
    await file.sync();
    return draft;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** `link` fails where a name exists, in one step for all processes. */
async function placeNew(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const found = await allowing(absent, lstat(path));
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || found?.isDirectory()) throw error;
    return false;
  }
}

async function replace(draft: string, path: string): Promise<boolean> {
  await rename(draft, path);
  return true;
}
