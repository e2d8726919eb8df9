import { existsSync, readFileSync } from 'node:fs';
import type { Bench, Result } from './bench.js';

/** A stored run: the result, and where and when it was measured. */
export interface StoredRun {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly result: Result;
}

export const resultFile = (name: string): string => `bench/results/${name}.json`;

/**
 * Puts the tables of the stored runs between their markers (`<!-- bench NAME -->` … `<!-- /bench NAME -->`).
 * @returns the document with every table as the stored results say it
 */
export function withTables(document: string, benches: readonly Bench[]): string {
  return benches.reduce((text, bench) => {
    if (!existsSync(resultFile(bench.name))) return text;
    const { date, node, cpu, result } = JSON.parse(readFileSync(resultFile(bench.name), 'utf8')) as StoredRun;
    const lines = [
      ...bench.table(result),
      '',
      `Measured on ${date}, Node.js ${node}, ${cpu}: \`npm run bench -- ${bench.name}\`.`,
    ];
    const pattern = new RegExp(`(<!-- bench ${bench.name} -->\n)[^]*?(<!-- /bench ${bench.name} -->)`);
    return text.replace(pattern, `$1\n${lines.join('\n')}\n\n$2`);
  }, document);
}
