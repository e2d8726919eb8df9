import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { SingleBar } from 'cli-progress';
import { benches } from './benches.js';
import { charts, documents, resultFile, type StoredRun, withTables } from './write-docs.js';

const [name] = process.argv.slice(2);
const chosen = benches.filter((bench) => name === undefined || bench.name === name);
if (chosen.length === 0) {
  process.stderr.write(`there is no benchmark '${name}'\nthere are ${benches.map((bench) => bench.name).join(', ')}\n`);
  process.exit(2);
}
for (const bench of chosen) {
  const bar = new SingleBar({
    format: `${bench.name} {bar} {percentage}% {eta_formatted}`,
    stream: process.stderr,
    noTTYOutput: false,
  });
  bar.start(1, 0);
  const result = await bench.run((share) => bar.update(share));
  bar.stop();
  const run: StoredRun = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    result,
  };
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(resultFile(bench.name), `${JSON.stringify(run, null, 1)}\n`);
  process.stdout.write(`${bench.table(result).join('\n')}\n${JSON.stringify(result.headline)}\n`);
}
for (const file of documents) writeFileSync(file, withTables(readFileSync(file, 'utf8'), benches));
for (const [file, svg] of charts(benches)) writeFileSync(file, svg);
