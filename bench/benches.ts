import type { Bench } from './bench.js';
import { handler } from './handler.js';

export const benches: readonly Bench[] = [handler];
