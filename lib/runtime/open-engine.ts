import type { Engine } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import { createTfjsEngine } from './tfjs-engine.js';

const engines = new Map<string, Promise<Engine>>();

/**
 * The process's engine on a backend. TF.js is global to a process, so everything in it shares one engine a backend, and they
 * take turns. A function uses one.
 * @param backend `wasm`, `tensorflow` where tfjs-node is installed, or `cpu` to hold the others against
 */
export function openEngine(backend: string): Promise<Engine> {
  const open = engines.get(backend) ?? start(backend);
  engines.set(backend, open);
  return open;
}

async function start(backend: string): Promise<Engine> {
  if (backend === 'wasm') return createTfjsEngine((await import('./wasm-backend.js')).createWasmBackend());
  if (backend === 'tensorflow')
    return createTfjsEngine((await import('./tensorflow-backend.js')).createTensorflowBackend());
  if (backend === 'cpu') return createTfjsEngine((await import('./cpu-backend.js')).createCpuBackend());
  throw new ModeletError('MODEL_UNAVAILABLE', `MODELET_BACKEND is '${backend}'; there are wasm and tensorflow`);
}
