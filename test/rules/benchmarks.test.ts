import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { benches } from '../../bench/benches.js';
import { charts, withTables } from '../../bench/write-docs.js';

test('every table of docs/benchmarks.md is what the stored runs say', () => {
  const document = readFileSync('docs/benchmarks.md', 'utf8');
  for (const { name } of benches) expect(document).toContain(`<!-- bench ${name} -->`);
  expect(withTables(document, benches)).toBe(document);
});

test('every chart is what the stored runs say', () => {
  for (const [file, svg] of charts(benches)) expect(readFileSync(file, 'utf8')).toBe(svg);
});
