import type { Engine } from '../../lib/core/engine.js';
import { openEngine as open } from '../../lib/runtime/open-engine.js';

/** As a function opens it: with MODELET_PLANS=off the whole suite runs on TF.js alone. */
export const plans = process.env.MODELET_PLANS !== 'off';

export const openEngine = (backend: string): Promise<Engine> => open(backend, { plans });
