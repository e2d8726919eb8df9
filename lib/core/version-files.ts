import { partBytes } from './manifest.js';

/** The files of one version. What they give out has been verified, but for files at hand (`filesAtHand`). */
export interface VersionFiles {
  /** A file, whole. */
  read(name: string): Promise<Uint8Array>;
  /**
   * Reads files in parts, several at once and in any order. Once a part can't be had, or can't be taken, nothing more is read.
   * @param take called once with each part, whose bytes are good until its promise is settled; few parts wait for it at once,
   *   so it may keep them waiting until there is a place for them
   */
  readParts(names: readonly string[], take: (part: FilePart) => Promise<void>): Promise<void>;
  /**
   * Reads a file straight into memory, several parts at once. What is in there is verified once this has ended; where it fails,
   * anything may be.
   * @param into of the file's size, perhaps shared with other threads
   */
  readInto(name: string, into: Uint8Array): Promise<void>;
}

export interface FilePart {
  readonly file: string;
  /** Where in the file it begins. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Files that are in memory already: a draft's, or a version's that was read before. */
export function filesAtHand(files: ReadonlyMap<string, Uint8Array>): VersionFiles {
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes !== undefined) return bytes;
    throw new RangeError(`there is no file '${name}'`);
  };
  return {
    read: async (name) => bytesOf(name),
    readInto: async (name, into) => into.set(bytesOf(name)),
    readParts: async (names, take) => {
      for (const file of names) {
        const bytes = bytesOf(file);
        for (let start = 0; start < bytes.length; start += partBytes) {
          await take({ file, start, bytes: bytes.subarray(start, start + partBytes) });
        }
      }
    },
  };
}
