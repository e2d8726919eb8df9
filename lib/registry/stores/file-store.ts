import { createHash, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ModeletError } from '../../core/errors.js';
import type { ObjectInfo, ObjectStore, StoredObject, StreamedBody } from '../../core/object-store.js';
import { allowing, fileStoreError } from './file-errors.js';
import { withFileLock } from './file-lock.js';
import { type FileVersion, fileVersions } from './file-version.js';
import { fill } from './fill.js';
import { assertInside, pruneFolders } from './inside-folder.js';
import { checkKey, checkPrefix, ownPrefix } from './keys.js';
import { exactly, SourceFailed } from './streamed-body.js';

const absent = ['ENOENT', 'ENOTDIR', 'EISDIR'];

/**
 * Objects as the files of a folder, which need not exist yet. Every write is a draft beside its place that is linked or renamed
 * into it, so that a reader in any process sees the old object or the new one. Etags are the content's sha256.
 * A file whose name starts with a dot is no object: it is somebody else's, or still being written and renamed in the end.
 */
export function fileStore(location: string): ObjectStore {
  const root = resolve(location);
  const openVersion = fileVersions();
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
      if (error instanceof SourceFailed) throw error.cause;
      throw signal?.aborted ? signal.reason : fileStoreError(location, action, key, error);
    }
  }

  async function whole(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const path = join(root, checkKey(key));
    await assertInside(root, path);
    if (isHidden(path)) return undefined;
    const body = await foundIn(await allowing(absent, readFile(path, { signal })));
    return body && { body, etag: etagOf(body) };
  }

  async function version(path: string): Promise<FileVersion | undefined> {
    await assertInside(root, path);
    return isHidden(path) ? undefined : foundIn(await openVersion(path));
  }

  async function infoAt(path: string): Promise<ObjectInfo | undefined> {
    const found = await version(path);
    await found?.close();
    return found?.info;
  }

  const read: ObjectStore['read'] = (key, { start = 0, end = Number.POSITIVE_INFINITY, etag, signal } = {}) => {
    const open = async () => {
      const found = await version(join(root, checkKey(key)));
      if (found === undefined) return undefined;
      const { bytes } = found.info;
      if (signal?.aborted || (etag !== undefined && found.info.etag !== etag)) {
        await found.close();
        signal?.throwIfAborted();
        return 'changed';
      }
      const explain = (cause: unknown) => fileStoreError(location, 'read', key, cause);
      return { etag: found.info.etag, bytes, body: found.read(start, Math.min(end, bytes), signal, explain) };
    };
    return guarded('read', key, open, signal);
  };

  return {
    location,

    get: (key, { signal } = {}) => guarded('read', key, () => whole(key, signal), signal),

    getUnless: async (etag, key) => {
      const object = await guarded('read', key, () => whole(key));
      return object?.etag === etag ? 'unchanged' : object;
    },

    stat: (key) => guarded('read', key, () => infoAt(join(root, checkKey(key)))),

    read,
    readInto: async (key, into, { start = 0, ...options } = {}) =>
      fill(into, await read(key, { ...options, start, end: start + into.length })),

    put: (key, body, condition) =>
      guarded('write', key, async () => {
        const path = join(root, checkKey(key));
        if (isHidden(path)) {
          const problem = `"${key}" is no key in a folder: a file whose name starts with a dot is not an object`;
          throw new ModeletError('INVALID_REQUEST', `${problem}; name it otherwise`);
        }
        await assertInside(root, dirname(path));
        const create = condition !== undefined && 'ifAbsent' in condition;
        const match = condition !== undefined && 'ifMatch' in condition ? condition.ifMatch : undefined;
        const matches = async () => match === undefined || (await infoAt(path))?.etag === match;
        // Looked at before the lock too, so that what is refused leaves no trace.
        if (!(await matches())) return undefined;
        const draft = join(dirname(path), `${ownPrefix}${randomUUID()}.draft`);
        try {
          const etag = await writeDraft(draft, body);
          const placed = create
            ? await placeNew(draft, path)
            : await withFileLock(lockOf(path), async () => (await matches()) && (await replace(draft, path)));
          return placed ? etag : undefined;
        } finally {
          await allowing(absent, rm(draft));
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
          else if (kind.isFile() && !isHidden(entry.name)) names.push(entry.name);
        }
        return names.sort();
      }),

    delete: (key) =>
      guarded('delete', key, async () => {
        const path = join(root, checkKey(key));
        await assertInside(root, dirname(path));
        const found = isHidden(path) ? undefined : await allowing(absent, lstat(path));
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

const isHidden = (path: string): boolean => basename(path).startsWith('.');

const etagOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

// Hashed, since a name may already be as long as a file system takes.
const lockOf = (path: string): string =>
  join(dirname(path), `${ownPrefix}${etagOf(Buffer.from(basename(path))).slice(0, 16)}.lock`);

/** Writes the bytes under a name that no reader sees, on the disk before it can be placed; their etag. */
async function writeDraft(draft: string, body: Uint8Array | StreamedBody, tries = 10): Promise<string> {
  const opened = mkdir(dirname(draft), { recursive: true }).then(() => open(draft, 'wx'));
  // The folder can vanish in between: whoever deletes its last object removes it.
  const file = await allowing(tries > 1 ? ['ENOENT'] : [], opened);
  if (file === undefined) return writeDraft(draft, body, tries - 1);
  try {
    const hash = createHash('sha256');
    for await (const chunk of body instanceof Uint8Array ? [body] : exactly(body)) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
    return hash.digest('hex');
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
