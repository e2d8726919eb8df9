import { dense } from './dense.js';
import type { Emitter } from './emit.js';

/** Keras class name → emitter. A class that is not here is refused by name. */
export const emitters: ReadonlyMap<string, Emitter> = new Map(Object.entries({ ...dense }));
