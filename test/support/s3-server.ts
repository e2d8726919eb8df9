import { requirePart } from './requires.js';
import { s3ServerInstalled } from './versitygw.js';

export { type S3Server, startS3Server } from './versitygw.js';

/** `describe` for suites that need the S3 server. */
export const describeWithS3 = requirePart('versitygw (S3 server)', s3ServerInstalled, 'npm run s3-server');
