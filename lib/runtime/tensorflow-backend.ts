import * as tf from '@tensorflow/tfjs-core';
import { loadTfjsNode } from './native-backend.js';
import type { TfjsBackend } from './tfjs-backend.js';

/** `@tensorflow/tfjs-node`: an optional peer, installed by `npm run native`. It throws where it fails, so no fault is hidden. */
export function createTensorflowBackend(): TfjsBackend {
  let opening: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    await loadTfjsNode();
    await tf.setBackend('tensorflow');
  };
  return {
    name: 'tensorflow',
    generation: 0,
    open: () => {
      opening ??= start();
      return opening;
    },
    admit: () => () => undefined,
    fault: () => undefined,
    condemn: () => undefined,
  };
}
