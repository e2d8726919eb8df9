import { createHash, randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ending, mediaTypeOf } from '../batch/readers/media-types.js';
import { ModeletError } from '../core/errors.js';
import { pruneFolders } from '../registry/stores/inside-folder.js';

/** One result to make: a file of records, or many files that are one record each. */
export interface BatchFiles {
  /** The folder of its results. */
  readonly name: string;
  /** In the data folder, below `inbox/<model>/`. */
  readonly key: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Files of records each by itself; files that are one record each together. */
export async function gatherFiles(paths: readonly string[]): Promise<BatchFiles[]> {
  const inputs: BatchFiles[] = [];
  const single: string[] = [];
  let singleBytes = 0;
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) throw new ModeletError('INVALID_REQUEST', `${path} is no file; name files, e.g. *.png`);
    const type = mediaTypeOf(path);
    if (type?.startsWith('image/') || type?.startsWith('audio/')) {
      single.push(path);
      singleBytes += found.size;
    } else {
      const name = asKey(basename(path));
      inputs.push({ name, key: name, files: [path], bytes: found.size });
    }
  }
  const twice = inputs.find(({ name }, index) => inputs.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) {
    const todo = 'their results would share a folder, so give them names of their own';
    throw new ModeletError('INVALID_REQUEST', `two files are called ${twice.name}; ${todo}`);
  }
  if (single.length === 0) return inputs;
  // Of the paths: two commands at the same time, each with its files, don't meet.
  const key = `${shortHash(single.map((path) => resolve(path)).join('\0'))}.manifest.jsonl`;
  return [...inputs, { name: 'files', key, files: single, bytes: singleBytes }];
}

/** Brings an input into the data folder, by links where it can. */
export async function placeFiles(folder: string, model: string, { name, key, files }: BatchFiles): Promise<void> {
  const upload = join(folder, 'inbox', model, key);
  if (key === name) return linkOrCopy(files[0] as string, upload);
  const lines: string[] = [];
  for (const [index, path] of files.entries()) {
    const file = `files/${model}/${key}/${index}${ending(path)}`;
    await linkOrCopy(path, join(folder, file));
    lines.push(`${JSON.stringify({ key: file, id: path })}\n`);
  }
  await mkdir(dirname(upload), { recursive: true });
  // Written again it would be another upload, and start from the beginning.
  await writeFile(upload, lines.join(''), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** What a store takes for a name: it does not hide, and holds nothing that no key may hold. */
const asKey = (name: string): string => name.replace(/^\.|[\p{Cc}\p{Cs}\\]/gu, '_');

/** The same bytes at the same time, so that a second call goes on with the work of the first. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const [source, there] = [await stat(from), await stat(to).catch(() => undefined)];
  if (there?.ino === source.ino && there.dev === source.dev) return;
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await utimes(to, source.atime, source.mtime);
  }
}

/** Moves results to their folder, and removes all else of this input. The summary goes last: without it results don't count. */
export async function takeResults(
  folder: string,
  model: string,
  { key }: Pick<BatchFiles, 'key'>,
  to: string,
): Promise<void> {
  const taken = join(folder, randomUUID());
  // In one step: of two commands with the same files one has them.
  await rename(join(folder, 'outbox', model, key), taken).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? takenAway(key) : error;
  });
  await mkdir(to, { recursive: true });
  await rm(join(to, 'summary.json'), { force: true });
  for (const name of ['results.jsonl', 'summary.json']) await rename(join(taken, name), join(to, name));
  await rm(taken, { recursive: true });
  // What another command left that was broken off stays.
  for (const kind of ['inbox', 'files', 'outbox']) {
    const path = join(folder, kind, model, key);
    await rm(path, { recursive: true, force: true });
    await pruneFolders(dirname(folder), dirname(path));
  }
}

/** Only another command can have done that: nobody else knows of the data folder. */
export function takenAway(name: string): ModeletError {
  const problem = `another command with ${name} and the same --out was done before`;
  return new ModeletError('INVALID_REQUEST', `${problem}; its results are there, or run this one again`);
}
