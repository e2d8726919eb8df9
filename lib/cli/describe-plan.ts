import type { Manifest } from '../core/manifest.js';

/** How a version runs on wasm, for a card. */
export const describePlan = (plan: NonNullable<Manifest['plan']>): string =>
  'reason' in plan ? `none, it runs on TensorFlow.js: ${plan.reason}` : `stored, for kernels ${plan.kernels}`;
