import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { errorTable } from '../../lib/core/errors.js';
import { openApi } from '../../lib/protocol/openapi.js';

const table = Object.entries(errorTable).map(([code, { status, retryable }]) => ({ code, status, retryable }));
const statuses = [...new Set(table.map(({ status }) => status))];
const codesOf = (wanted: number) => table.filter(({ status }) => status === wanted).map(({ code }) => code);

test('docs/errors.md has the rows of the table, in its order', () => {
  const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \| (yes|no) \|/gm)];
  const documented = rows.map(([, code, status, retry]) => ({
    code,
    status: Number(status),
    retryable: retry === 'yes',
  }));
  expect(documented).toEqual(table);
});

test.each(['README.md', 'docs/protocols.md', 'docs/deploying.md'])(
  '%s names no code or status that is not there',
  (file) => {
    const text = readFileSync(file, 'utf8');
    const known = Object.keys(errorTable);
    // Codes beside their status, as in `400 INVALID_INPUT`.
    const pairs = [...text.matchAll(/\b([45]\d\d) `?([A-Z]+(?:_[A-Z]+)+)\b/g)];
    for (const [, status, code] of pairs) {
      expect([file, known]).toEqual([file, expect.arrayContaining([code])]);
      expect([code, Number(status)]).toEqual([code, errorTable[code as keyof typeof errorTable].status]);
    }
  },
);

test('README.md leads to docs/errors.md', () => {
  expect(readFileSync('README.md', 'utf8')).toContain('(docs/errors.md)');
});

test('/openapi.json has a response for each status, with its codes, and a retry-after where there is one', () => {
  const { components } = JSON.parse(JSON.stringify(openApi([], '0')));
  expect(components.schemas.Error.properties.code.enum).toEqual(table.map(({ code }) => code));
  expect(Object.keys(components.responses).sort()).toEqual(statuses.map((status) => `Error${status}`).sort());
  for (const status of statuses) {
    const { content, headers } = components.responses[`Error${status}`];
    expect(content['application/json'].schema.allOf[1].properties.code.enum).toEqual(codesOf(status));
    expect(headers?.['retry-after'] !== undefined).toBe(status === 503);
  }
});
