import { readFileSync, writeFileSync } from 'node:fs';

const file = 'docs/batch.md';

/** Puts lines between their markers in docs/batch.md (`<!-- counts NAME -->` … `<!-- /counts NAME -->`), with UPDATE_DOCS=1. */
export function writeCounts(name: string, lines: readonly string[]): void {
  if (process.env.UPDATE_DOCS !== '1') return;
  const [start, end] = [`<!-- counts ${name} -->\n`, `<!-- /counts ${name} -->`];
  const text = readFileSync(file, 'utf8');
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${file} lacks the markers ${start.trim()} and ${end}`);
  writeFileSync(file, `${text.slice(0, before)}${start}${lines.join('\n')}\n${text.slice(after)}`);
}
