import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { ModeletError } from '../../core/errors.js';
import { headersAgree } from '../../core/zip-headers.js';
import { badSource } from './bad-source.js';
import { checkExpansion, maxFileBytes } from './limits.js';

/** A Keras file has 3 entries, plus those of assets. */
const maxEntries = 10_000;

export interface ZipArchive {
  readonly names: readonly string[];
  /**
   * An entry's bytes, whole and checked against what both its headers say.
   * @throws INVALID_INPUT when it is missing, damaged, encrypted, or larger than it may be
   */
  read(name: string): Promise<Uint8Array>;
  close(): void;
}

/**
 * Opens a zip without unpacking anything.
 * @throws INVALID_INPUT when its directory is damaged, or names an entry twice
 */
export async function openZip(path: string): Promise<ZipArchive> {
  const yauzl = await import('yauzl');
  const zip = await guarded(() =>
    yauzl.openPromise(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }),
  );
  try {
    const entries = await guarded(() => readDirectory(zip));
    return {
      names: [...entries.keys()],
      read: (name) => guarded(() => readEntry(zip, entries.get(name), name)),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function readDirectory(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > maxEntries) throw badZip(`it has ${zip.entryCount} entries`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) throw badZip(`the entry '${entry.fileName}' is there twice`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

async function readEntry(zip: ZipFile, entry: Entry | undefined, name: string): Promise<Uint8Array> {
  if (entry === undefined) throw badZip(`'${name}' is missing in it`);
  if (entry.isEncrypted()) throw badZip(`'${name}' is encrypted`);
  checkExpansion(
    `the entry '${name}' of the zip`,
    entry.uncompressedSize,
    Math.min(entry.compressedSize, zip.fileSize),
  );
  await checkLocalHeader(zip, entry);
  const bytes = Buffer.allocUnsafeSlow(entry.uncompressedSize);
  let length = 0;
  // yauzl ends the stream with an error as soon as it is longer than declared.
  for await (const chunk of await zip.openReadStreamPromise(entry)) length += (chunk as Buffer).copy(bytes, length);
  if (length !== bytes.length || crc32(bytes) !== entry.crc32) throw badZip(`'${name}' is damaged`);
  return bytes;
}

async function checkLocalHeader(zip: ZipFile, entry: Entry): Promise<void> {
  const local = await zip.readLocalFileHeaderPromise(entry);
  if (!headersAgree(local, entry)) throw badZip(`the two headers of '${entry.fileName}' disagree`);
  if (local.fileDataStart + entry.compressedSize > Math.min(zip.fileSize, maxFileBytes)) {
    throw badZip(`'${entry.fileName}' reaches beyond the end of the file`);
  }
}

function badZip(why: string, cause?: unknown): ModeletError {
  return badSource(`the zip can't be read: ${why}`, 'save the model again, or copy the file again', cause);
}

/** Errors of yauzl and zlib are about the file. */
async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModeletError) throw error;
    throw badZip(error instanceof Error ? error.message : String(error), error);
  }
}
