import { ModeletError } from '../../core/errors.js';
import type { ObjectStore } from '../../core/object-store.js';
import { fileStore } from './file-store.js';

/** The store at a folder (`./models`) or at `s3://bucket/prefix`; nothing is read or connected to yet. */
export async function openStore(location: string): Promise<ObjectStore> {
  if (location.startsWith('s3://')) {
    // Loaded only here: the AWS SDK costs every start-up time that a folder does not need.
    const { s3Store } = await import('./s3-store.js');
    return s3Store(location);
  }
  if (location === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(location)) {
    throw new ModeletError(
      'INVALID_REQUEST',
      `"${location}" is not a place to store in: use a folder or s3://bucket/prefix`,
    );
  }
  return fileStore(location);
}
