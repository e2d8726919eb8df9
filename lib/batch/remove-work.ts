import type { ObjectStore } from '../core/object-store.js';

/** Requests at the same time. */
const width = 16;

/** Removes what runs left behind. @param folders prefixes of `work/…`, each of one run's state */
export async function removeWork(data: ObjectStore, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const files = (await data.list(folder)).filter((name) => !name.endsWith('/'));
    const keys = files.map((name) => folder + name);
    for (let start = 0; start < keys.length; start += width) {
      await Promise.all(keys.slice(start, start + width).map((key) => data.delete(key)));
    }
  }
}
