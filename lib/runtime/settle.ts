import { setImmediate } from 'node:timers/promises';
import type { LoadedModel } from '../core/engine.js';
import type { Tensors } from '../core/tensor.js';

/** V8 has compiled what a predict runs after about this many. */
const most = 150;

/** No predict is started after this many milliseconds: what takes longer is not V8's. */
const patience = 300;

/**
 * Predicts the golden input until predicts take their usual time. The golden check has touched every weight; what is left is the
 * JavaScript between the kernels, whose first runs are several times slower than later ones.
 */
export async function settle(model: LoadedModel, inputs: Tensors): Promise<void> {
  const since = performance.now();
  for (let count = 0; count < most && performance.now() - since < patience; count++) {
    await model.predict(inputs);
    await setImmediate(); // requests of another version may be running
  }
}
