import { ModeletError } from '../../core/errors.js';

/** Parts of a key that start like this are the file store's own: half-written objects and locks. */
export const ownPrefix = '.modelet-';

// What S3 and common file systems take, in bytes of UTF-8.
const keyLimit = 1024;
const partLimit = 255;

/** The key, or INVALID_REQUEST where one of the stores could not hold it, or it would leave the store's folder. */
export function checkKey(key: string): string {
  const problem = keyProblem(key);
  if (problem === undefined) return key;
  const shown = key.length > 200 ? `${key.slice(0, 200)}…` : key;
  throw new ModeletError('INVALID_REQUEST', `${JSON.stringify(shown)} is not a key: ${problem}; name it otherwise`);
}

/** As `checkKey`, for the prefix of a listing: '' or a key and `/`. */
export function checkPrefix(prefix: string): string {
  if (prefix !== '' && !prefix.endsWith('/')) {
    throw new ModeletError('INVALID_REQUEST', `${JSON.stringify(prefix)} is not a prefix: it ends in "/" or is empty`);
  }
  if (prefix !== '') checkKey(prefix.slice(0, -1));
  return prefix;
}

function keyProblem(key: string): string | undefined {
  if (key === '') return 'a key has at least one character';
  // Lone surrogates have no UTF-8: two different keys would be one object.
  if (/[\p{Cc}\p{Cs}\\]/u.test(key)) return 'a key has no backslash, control character or lone surrogate';
  if (Buffer.byteLength(key) > keyLimit) return `a key has at most ${keyLimit} bytes`;
  for (const part of key.split('/')) {
    if (part === '') return 'a key neither starts nor ends with "/", nor has two in a row';
    if (part === '.' || part === '..') return 'a key has no "." or ".." part';
    if (part.startsWith(ownPrefix)) return `names that start with "${ownPrefix}" are reserved`;
    if (Buffer.byteLength(part) > partLimit) return `a part of a key has at most ${partLimit} bytes`;
  }
  return undefined;
}
