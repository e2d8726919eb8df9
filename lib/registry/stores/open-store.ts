import { ModeletError } from '../../core/errors.js';
import type { ObjectStore } from '../../core/object-store.js';

/** The store at a folder (`./models`) or at `s3://bucket/prefix`; nothing is read or connected to yet. */
export async function openStore(location: string): Promise<ObjectStore> {
  if (location.startsWith('s3://')) {
    // Each is read where it is needed, as a start waits for it.
    const { s3Store } = await import('./s3-store.js');
    return s3Store(location);
  }
  if (location === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(location)) {
    throw new ModeletError(
      'INVALID_REQUEST',
      `"${location}" is not a place to store in: use a folder or s3://bucket/prefix`,
    );
  }
  const { fileStore } = await import('./file-store.js');
  return fileStore(location);
}
