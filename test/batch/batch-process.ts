// A process that works on one upload and is killed meanwhile: `node function.cjs REGISTRY DATA KEY`.
import { writeSync } from 'node:fs';
import { readRecords } from '../../lib/batch/readers/read-records.js';
import { runBatch } from '../../lib/batch/run-batch.js';
import type { Log } from '../../lib/core/log.js';
import { startTimings } from '../../lib/core/timings.js';
import { production } from '../../lib/core/version-ref.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { createService } from '../../lib/service.js';
import { tensor } from '../../lib/tasks/tensor.js';

async function main([registry = '', location = '', key = '']: readonly string[]): Promise<void> {
  const log: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
  const service = createService({
    model: 'tiny',
    registry: createRegistry(await openStore(registry)),
    engine: await openEngine('wasm'),
    tasks: [tensor],
    log,
    budget: 2 ** 30,
    lookEveryMs: 30_000,
  });
  await service.ready(await service.describe(production), startTimings());
  const data = await openStore(location);
  writeSync(1, 'ready\n');
  // A part for every ten rows: tens of writes to be killed at, before, between and after.
  const limits = { bytes: 500, ms: 1e9 };
  await runBatch({ service, data, read: readRecords, key, remainingMs: () => 900_000, log }, limits);
}

void main(process.argv.slice(2));
