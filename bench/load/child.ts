import { readFileSync } from 'node:fs';
import { weightBytes } from '../../lib/core/manifest.js';
import { type LoaderName, loaders, type Source } from './loaders.js';

/** What one process measured. */
export interface Measured {
  /** Milliseconds until the weights are in memory, and until a predict has touched each. */
  readonly load: number;
  readonly warmUp: number;
  /** Memory over that of the prepared process at its highest, of the weights' size: while loading, and in all. */
  readonly peak: number;
  readonly peakWarm: number;
}

const [name, file] = process.argv.slice(2) as [LoaderName, string];
const source = JSON.parse(readFileSync(file, 'utf8')) as Source;
const loader = loaders[name](source);
await loader.prepare();
const floor = resident('VmRSS');
const size = weightBytes(source.manifest);
const begun = performance.now();
await loader.load();
const loaded = performance.now();
const peak = (resident('VmHWM') - floor) / size;
await loader.warmUp?.();
const measured: Measured = {
  load: loaded - begun,
  warmUp: performance.now() - loaded,
  peak,
  peakWarm: (resident('VmHWM') - floor) / size,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
process.exit(0);

/** Bytes of memory that the process holds now (VmRSS) or held at most (VmHWM), as Linux tells it. */
function resident(what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return 1024 * Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]);
}
