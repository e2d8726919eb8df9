import { existsSync, readFileSync } from 'node:fs';
import type { Bench, Result } from './bench.js';

/** A stored run: the result, and where and when it was measured. */
export interface StoredRun {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly result: Result;
}

/** Where the tables of benchmarks stand. */
export const documents = ['docs/benchmarks.md', 'docs/batch.md', 'docs/kernels.md'];

export const resultFile = (name: string): string => `bench/results/${name}.json`;

function storedRun(name: string): StoredRun | undefined {
  const file = resultFile(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as StoredRun) : undefined;
}

/** The charts of the stored runs: file → SVG document. */
export function charts(benches: readonly Bench[]): ReadonlyMap<string, string> {
  return new Map(
    benches.flatMap((bench): [string, string][] => {
      const run = storedRun(bench.name);
      return run === undefined || bench.chart === undefined
        ? []
        : [[`docs/${bench.name}.svg`, bench.chart(run.result)]];
    }),
  );
}

/**
 * Puts the tables of the stored runs between their markers (`<!-- bench NAME -->` … `<!-- /bench NAME -->`).
 * @returns the document with every table as the stored results say it
 */
export function withTables(document: string, benches: readonly Bench[]): string {
  return benches.reduce((text, bench) => {
    const run = storedRun(bench.name);
    if (run === undefined) return text;
    const { date, node, cpu, result } = run;
    const lines = [
      ...bench.table(result),
      '',
      `Measured on ${date}, Node.js ${node}, ${cpu}: \`npm run bench -- ${bench.name}\`.`,
    ];
    const pattern = new RegExp(`(<!-- bench ${bench.name} -->\n)[^]*?(<!-- /bench ${bench.name} -->)`);
    // A function: in a text `$2` would be the second group, also where it is a price.
    return text.replace(pattern, (_, open: string, close: string) => `${open}\n${lines.join('\n')}\n\n${close}`);
  }, document);
}
