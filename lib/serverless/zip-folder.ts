import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';

/** Plain files, readable by all: Lambda runs as another user than the one who unpacks. The high half is Unix's mode. */
const attrs = (0o100644 << 16) >>> 0;
const unix = 3;

/** The files of a flat folder as a zip; the same files give the same bytes, so an unchanged function is not deployed again. */
export function zipFolder(folder: string): Uint8Array {
  const files = readdirSync(folder).sort();
  return zipSync(Object.fromEntries(files.map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))])), {
    level: 9,
    // Zip has local time: this is its first day in every time zone.
    mtime: new Date(1980, 0, 1),
    os: unix,
    attrs,
  });
}
