import type { Log } from '../../lib/core/log.js';
import type { Registry } from '../../lib/registry/registry.js';
import { createService, type Service } from '../../lib/service.js';
import { tensor } from '../../lib/tasks/tensor.js';
import { openEngine } from './engine.js';

export const quiet: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  event: () => undefined,
};

/** A service for a model of numbers, on wasm. */
export async function tensorService(model: string, registry: Registry): Promise<Service> {
  const engine = await openEngine('wasm');
  const tasks = [tensor];
  return createService({ model, registry, engine, tasks, log: quiet, budget: 2 ** 30, lookEveryMs: 30_000 });
}
