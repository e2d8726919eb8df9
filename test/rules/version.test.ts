import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { version } from '../../lib/core/version.js';

test('the version in code is that of package.json and of the changelog', () => {
  expect(JSON.parse(readFileSync('package.json', 'utf8')).version).toBe(version);
  expect(readFileSync('CHANGELOG.md', 'utf8')).toContain(`## ${version}`);
});
