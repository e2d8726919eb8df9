import type { Bench } from './bench.js';
import { handler } from './handler.js';
import { protocols } from './protocols.js';

export const benches: readonly Bench[] = [handler, protocols];
