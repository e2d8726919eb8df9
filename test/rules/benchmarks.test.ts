import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { benches } from '../../bench/benches.js';
import { charts, documents, withTables } from '../../bench/write-docs.js';

test('every table of the docs is what the stored runs say', () => {
  const texts = documents.map((file) => readFileSync(file, 'utf8'));
  for (const { name } of benches) expect(texts.join('')).toContain(`<!-- bench ${name} -->`);
  for (const text of texts) expect(withTables(text, benches)).toBe(text);
});

test('every chart is what the stored runs say', () => {
  for (const [file, svg] of charts(benches)) expect(readFileSync(file, 'utf8')).toBe(svg);
});
