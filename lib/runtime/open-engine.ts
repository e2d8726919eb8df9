import { availableParallelism } from 'node:os';
import type { Engine } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { TfjsBackend } from './tfjs-backend.js';

export interface EngineOptions {
  /** False: TF.js alone (MODELET_PLANS=off). Only wasm has plans. */
  readonly plans?: boolean;
  /** For one model; without it all that Node.js may use. */
  readonly processors?: number;
}

const engines = new Map<string, Promise<Engine>>();

/**
 * The process's engine on a backend. TF.js is global to a process, so everything in it shares one engine a backend, and they
 * take turns. A function uses one.
 * @param backend `wasm`, `tensorflow` where tfjs-node is installed, or `cpu` to hold the others against
 */
export function openEngine(
  backend: string,
  { plans = true, processors = availableParallelism() }: EngineOptions = {},
): Promise<Engine> {
  const key = backend === 'wasm' && plans ? 'plans' : backend;
  const open = engines.get(key) ?? start(key, processors);
  engines.set(key, open);
  return open;
}

async function start(engine: string, processors: number): Promise<Engine> {
  if (engine === 'plans') {
    return (await import('./plan-engine.js')).createPlanEngine(() => openEngine('wasm', { plans: false }), processors);
  }
  if (engine === 'wasm') return tfjsEngine((await import('./wasm-backend.js')).createWasmBackend());
  if (engine === 'tensorflow') return tfjsEngine((await import('./tensorflow-backend.js')).createTensorflowBackend());
  if (engine === 'cpu') return tfjsEngine((await import('./cpu-backend.js')).createCpuBackend());
  throw new ModeletError('MODEL_UNAVAILABLE', `MODELET_BACKEND is '${engine}'; there are wasm and tensorflow`);
}

/** TF.js is read only where it is needed. */
async function tfjsEngine(backend: TfjsBackend): Promise<Engine> {
  return (await import('./tfjs-engine.js')).createTfjsEngine(backend);
}
