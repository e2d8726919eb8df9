import { createHash } from 'node:crypto';
import { constants, copyFile, link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { mediaTypeOf } from '../batch/readers/media-types.js';
import { ModeletError } from '../core/errors.js';

/** One result to make: a file of records, or many files that are one record each. */
export interface BatchFiles {
  /** Its name in the results. */
  readonly name: string;
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
      inputs.push({ name: basename(path), files: [path], bytes: found.size });
    }
  }
  const twice = inputs.find(({ name }, index) => inputs.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) {
    const todo = 'their results would share a folder, so give them names of their own';
    throw new ModeletError('INVALID_REQUEST', `two files are called ${twice.name}; ${todo}`);
  }
  return single.length === 0 ? inputs : [...inputs, { name: 'files', files: single, bytes: singleBytes }];
}

/** Brings an input into the data folder, by a link where it can. @returns its key below `inbox/<model>/` */
export async function placeFiles(folder: string, model: string, { name, files }: BatchFiles): Promise<string> {
  const inbox = join(folder, 'inbox', model);
  await mkdir(inbox, { recursive: true });
  const [only = ''] = files;
  if (name !== 'files') {
    await linkOrCopy(only, join(inbox, name));
    return name;
  }
  const lines: string[] = [];
  for (const path of files) {
    const key = `files/${model}/${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 16)}-${basename(path)}`;
    await linkOrCopy(path, join(folder, key));
    lines.push(`${JSON.stringify({ key, id: path })}\n`);
  }
  const manifest = join(inbox, 'files.manifest.jsonl');
  // Written again it would be another upload, and start from the beginning.
  if ((await readFile(manifest, 'utf8').catch(() => '')) !== lines.join('')) await writeFile(manifest, lines.join(''));
  return 'files.manifest.jsonl';
}

/** The same bytes at the same time, so that a second call goes on with the work of the first. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch {
    const { atime, mtime } = await stat(from);
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await utimes(to, atime, mtime);
  }
}

/** The summary goes last: without it results don't count. */
export async function takeResults(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await rm(join(to, 'summary.json'), { force: true });
  for (const name of ['results.jsonl', 'summary.json']) await rename(join(from, name), join(to, name));
}
