import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { VerbCall } from '../lib/cli/verb.js';
import { ModeletError } from '../lib/core/errors.js';
import { benches } from './benches.js';
import { charts, documents, resultFile, type StoredRun, withTables } from './write-docs.js';

/**
 * Runs the benchmarks, or the one with that name, one after the other: keeps what each found in bench/results, prints its table
 * and at last its headline as JSON, and writes the docs anew.
 */
export async function runBenches(
  name: string | undefined,
  { print, progress }: Pick<VerbCall, 'print' | 'progress'>,
): Promise<void> {
  const chosen = benches.filter((bench) => name === undefined || bench.name === name);
  if (chosen.length === 0) {
    const names = benches.map((bench) => bench.name).join(', ');
    throw new ModeletError('NOT_FOUND', `there is no benchmark '${name}'; there are ${names}`);
  }
  for (const bench of chosen) {
    const bar = progress(bench.name, 1);
    const result = await bench.run((share) => bar.update(share)).finally(bar.stop);
    const run: StoredRun = {
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
      result,
    };
    mkdirSync('bench/results', { recursive: true });
    writeFileSync(resultFile(bench.name), `${JSON.stringify(run, null, 1)}\n`);
    print([...bench.table(result), JSON.stringify(result.headline)].join('\n'), result.headline);
  }
  for (const file of documents) writeFileSync(file, withTables(readFileSync(file, 'utf8'), benches));
  for (const [file, svg] of charts(benches)) writeFileSync(file, svg);
}
