import * as tf from '@tensorflow/tfjs-core';
import { ModeletError } from '../core/errors.js';
import { repairCpuKernels } from './cpu-repairs.js';
import { steadyBackend, type TfjsBackend } from './tfjs-backend.js';
import { inTurn } from './turns.js';

// In a variable, so that no function's bundle holds it: functions run on wasm or tensorflow.
const packageName: string = '@tensorflow/tfjs-backend-cpu';

/** TF.js' plain JavaScript kernels: slow, and the second implementation that `publish` and `verify` hold graph models against. */
export function createCpuBackend(): TfjsBackend {
  const start = async (): Promise<void> => {
    try {
      await import(packageName);
    } catch (cause) {
      const message = "the backend 'cpu' is not part of a function; use wasm, or tensorflow in a container image";
      throw new ModeletError('MODEL_UNAVAILABLE', message, { cause });
    }
    repairCpuKernels();
    await inTurn(() => tf.setBackend('cpu'));
    // It advises on stderr, once, to install tfjs-node.
    Object.assign(tf.findBackend('cpu'), { firstUse: false });
  };
  return steadyBackend('cpu', start);
}
