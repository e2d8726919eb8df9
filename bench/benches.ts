import type { Bench } from './bench.js';
import { handler } from './handler.js';
import { protocols } from './protocols.js';
import { recurrent } from './recurrent.js';

export const benches: readonly Bench[] = [handler, protocols, recurrent];
