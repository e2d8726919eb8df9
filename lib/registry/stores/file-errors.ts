import { ModeletError } from '../../core/errors.js';

const sameName = 'a file and a folder would have the same name; rename one of them';
const explanations: Record<string, string> = {
  EACCES: 'permission denied; check who may read and write it',
  EPERM: 'the operation is not permitted there; check who may read and write it, and that its disk knows hard links',
  EROFS: 'the file system is read-only; choose another folder',
  ENOSPC: 'no space left on the disk; make room, then try again',
  EDQUOT: 'the disk quota is used up; make room, then try again',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EISDIR: sameName,
  ENOTDIR: sameName,
  EEXIST: sameName,
  ENOTEMPTY: sameName,
};

/** MODEL_UNAVAILABLE for what a file system said; a ModeletError stays as it is. */
export function fileStoreError(location: string, action: string, key: string, cause: unknown): ModeletError {
  if (cause instanceof ModeletError) return cause;
  const code = errorCode(cause);
  const why = code === undefined ? messageOf(cause) : `${explanations[code] ?? 'the file system refused'} (${code})`;
  return new ModeletError('MODEL_UNAVAILABLE', `can't ${action} ${JSON.stringify(key)} in ${location}: ${why}`, {
    cause,
  });
}

/** The promise's value, or undefined when it fails with one of these codes. */
export async function allowing<T>(codes: readonly string[], promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
