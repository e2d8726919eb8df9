import type * as tf from '@tensorflow/tfjs-core';
import type { Kernel } from './repair.js';

/**
 * TF.js copies on wasm, and shares on its other backends. Its executor counts on sharing: at the end of a loop's body it frees
 * the tensors that a TensorList still holds, so that a recurrent layer in a `While` fails where nothing shares their data.
 */
export const identity = (): Kernel => (call) => {
  const { dataId, shape, dtype } = call.inputs.x as tf.TensorInfo;
  call.backend.incRef(dataId);
  return { dataId, shape, dtype };
};
