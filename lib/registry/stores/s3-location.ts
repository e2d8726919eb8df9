import { ModeletError } from '../../core/errors.js';
import { checkKey } from './keys.js';

/** Where a store's objects are: in the bucket, below the prefix, which is '' or ends in `/`. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
}

/** The parts of `s3://bucket/prefix`; INVALID_REQUEST where there is no bucket or the prefix is no key. */
export function parseLocation(location: string): S3Location {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*?)\/*)?$/.exec(location) ?? [];
  if (bucket === undefined) {
    throw new ModeletError('INVALID_REQUEST', `"${location}" names no bucket: use s3://bucket/prefix`);
  }
  return { bucket, prefix: path === '' ? '' : `${checkKey(path)}/` };
}
