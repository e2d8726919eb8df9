import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type ZipFile,
} from 'yauzl';
import { invalidInput, ModeletError } from '../../core/errors.js';
import { headersAgree } from '../../core/zip-headers.js';
import { InputChanged } from '../input-changed.js';
import { entryContent, isNoRecord } from './archive-entry.js';
import { createBlocks } from './blocks.js';
import type { FormatReader, RecordContent } from './found-record.js';

type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

/**
 * `.zip`: an instance a file, in the order of the archive's directory. Files may not share bytes, so all of them together unpack
 * to no more than DEFLATE's 1032 times the archive.
 */
export const readZip: FormatReader = async function* ({ input, context }) {
  const readBytes = createBlocks(input);
  // Names are looked at here: yauzl would end the reading at the first bad one. So would it at sizes that don't fit.
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false };
  const zip = await guarded(() => fromRandomAccessReaderPromise(randomAccess(readBytes), input.bytes, options));
  const entries = zip.eachEntry();
  let taken = 0;
  for (;;) {
    const { value: entry, done } = await guarded(() => entries.next());
    if (done) return;
    taken += 30 + entry.fileNameLength + entry.compressedSize;
    if (taken > input.bytes) throw badZip('its files overlap');
    const name = nameOf(entry);
    if (isNoRecord(name)) continue;
    const described = {
      name,
      bytes: Math.max(entry.uncompressedSize, entry.compressedSize),
      problem: problemOf(entry),
    };
    yield { read: () => entryContent(described, context, () => unpack(zip, entry, readBytes)) };
  }
};

/** In UTF-8 wherever it is that, also where a tool forgot to say so; else in the code page of DOS. */
function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  const flags = isUtf8(fileNameRaw) ? generalPurposeBitFlag | 0x800 : generalPurposeBitFlag;
  return getFileNameLowLevel(flags, fileNameRaw, extraFields, true);
}

function problemOf(entry: Entry): string | undefined {
  if (entry.isEncrypted()) return 'it is encrypted; pack it without a password';
  // The upper half holds what Unix calls the mode: 0xa000 is a link.
  if (((entry.externalFileAttributes >>> 16) & 0xf000) === 0xa000) return 'it is a symlink; pack the file itself';
  if (entry.compressionMethod === 0 || entry.compressionMethod === 8) return undefined;
  return `it is compressed by method ${entry.compressionMethod}; pack it with deflate`;
}

/** An entry's content, held against what both of its headers say. */
async function unpack(zip: ZipFile, entry: Entry, readBytes: ReadBytes): Promise<RecordContent> {
  try {
    const start = await dataStart(zip, entry);
    const stored = await readBytes(start, start + entry.compressedSize);
    const bytes = entry.compressionMethod === 0 ? stored : await inflate(stored, entry.uncompressedSize);
    if (bytes.length !== entry.uncompressedSize) throw new Error('its size is not what its header says');
    if (crc32(bytes) !== entry.crc32) throw new Error('its checksum does not fit');
    return { instance: { kind: 'file', bytes } };
  } catch (error) {
    if (error instanceof ModeletError || error instanceof InputChanged) throw error;
    return { error: invalidInput('', `it is damaged (${messageOf(error)}); pack it again`) };
  }
}

/** No more than the directory says: one byte over it is an error, whatever would still come. */
function inflate(stored: Uint8Array, length: number): Promise<Uint8Array> {
  return inflateAsync(stored, { maxOutputLength: Math.max(length, 1) });
}

const inflateAsync = promisify(inflateRaw);

async function dataStart(zip: ZipFile, entry: Entry): Promise<number> {
  const local = await zip.readLocalFileHeaderPromise(entry);
  if (!headersAgree(local, entry)) throw new Error('its two headers disagree');
  return local.fileDataStart;
}

function randomAccess(readBytes: ReadBytes): RandomAccessReader {
  class Access extends RandomAccessReader {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      done: (error: Error | null) => void,
    ) {
      readBytes(position, position + length).then(
        (bytes) => {
          buffer.set(bytes, offset);
          done(null);
        },
        (error: Error) => done(error),
      );
    }
  }
  return new Access();
}

/** Errors of yauzl are about the archive; those of the store stay what they are. */
async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModeletError || error instanceof InputChanged) throw error;
    throw badZip(messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function badZip(why: string): ModeletError {
  return invalidInput('', `the zip can't be read: ${why}; pack it again`);
}
