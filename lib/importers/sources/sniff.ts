import type { FileHandle } from 'node:fs/promises';

/** "\x89HDF\r\n\x1a\n", at 0 or behind a user block of 512 · 2^n bytes. */
const hdf5Signature = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
const userBlocks = [0, ...Array.from({ length: 16 }, (_, n) => 512 * 2 ** n)];

/** What a file is, by its first bytes. */
export async function sniff(file: FileHandle): Promise<'zip' | 'hdf5' | 'json' | undefined> {
  const head = await bytesAt(file, 0, 256);
  if (head.length >= 4 && head.readUInt32LE(0) === 0x04034b50) return 'zip';
  // An empty zip is just the end of its directory.
  if (head.length >= 4 && head.readUInt32LE(0) === 0x06054b50) return 'zip';
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text.startsWith('{') || text.startsWith('[')) return 'json';
  for (const at of userBlocks) {
    if ((await bytesAt(file, at, hdf5Signature.length)).equals(hdf5Signature)) return 'hdf5';
  }
  return undefined;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
