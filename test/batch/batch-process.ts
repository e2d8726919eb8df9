// A process that works on one upload and is killed meanwhile: `node function.cjs REGISTRY DATA KEY`.
import { writeSync } from 'node:fs';
import { readRecords } from '../../lib/batch/readers/read-records.js';
import { runBatch } from '../../lib/batch/run-batch.js';
import { startTimings } from '../../lib/core/timings.js';
import { production } from '../../lib/core/version-ref.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { quiet, tensorService } from '../support/tensor-service.js';

async function main([registry = '', location = '', key = '']: readonly string[]): Promise<void> {
  const service = await tensorService('tiny', createRegistry(await openStore(registry)));
  await service.ready(await service.describe(production), startTimings());
  const data = await openStore(location);
  writeSync(1, 'ready\n');
  // A part for every ten rows: tens of writes to be killed at, before, between and after.
  const limits = { bytes: 500, ms: 1e9 };
  await runBatch({ service, data, read: readRecords, key, remainingMs: () => 900_000, log: quiet }, limits);
}

void main(process.argv.slice(2));
