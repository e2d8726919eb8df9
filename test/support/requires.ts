import { writeSync } from 'node:fs';
import { describe } from '@jest/globals';

/**
 * `describe` for a suite that needs a part which `npm ci` does not bring. Where it is missing the suite is skipped, with one
 * line saying which command installs it; with `CI=true` a missing part is a failure, so that CI can't pass by skipping.
 *
 * @param name what is needed, as a person calls it: `versitygw (S3 server)`
 * @param command what installs it: `npm run s3-server`
 */
export function requirePart(name: string, installed: boolean, command: string): typeof describe | typeof describe.skip {
  if (installed) return describe;
  const line = `${name} is missing; install it with: ${command}`;
  if (process.env.CI === 'true') throw new Error(line);
  // Straight to stderr: jest's console adds a stack trace.
  writeSync(process.stderr.fd, `skipped: ${line}\n`);
  return describe.skip;
}
