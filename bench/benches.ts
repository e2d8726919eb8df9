import { batch } from './batch.js';
import { batchMemory } from './batch-memory.js';
import type { Bench } from './bench.js';
import { coldStart } from './cold-start.js';
import { distributed } from './distributed.js';
import { handler } from './handler.js';
import { kernels } from './kernels.js';
import { load } from './load.js';
import { protocols } from './protocols.js';
import { recurrent } from './recurrent.js';
import { warm } from './warm.js';

export const benches: readonly Bench[] = [
  batch,
  batchMemory,
  coldStart,
  distributed,
  handler,
  kernels,
  load,
  protocols,
  recurrent,
  warm,
];
