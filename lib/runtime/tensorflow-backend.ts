import * as tf from '@tensorflow/tfjs-core';
import { loadTfjsNode } from './native-backend.js';
import { steadyBackend, type TfjsBackend } from './tfjs-backend.js';
import { inTurn } from './turns.js';

/** `@tensorflow/tfjs-node`: an optional peer, installed by `npm run native`. It throws where it fails, so no fault is hidden. */
export function createTensorflowBackend(): TfjsBackend {
  // Importing tfjs-node makes it the current backend too.
  const start = () =>
    inTurn(async () => {
      await loadTfjsNode();
      await tf.setBackend('tensorflow');
    });
  return steadyBackend('tensorflow', start);
}
