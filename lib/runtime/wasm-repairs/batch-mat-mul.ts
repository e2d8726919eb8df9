import * as tf from '@tensorflow/tfjs-core';
import { ownKernel, stretched } from './own-kernel.js';
import type { Kernel } from './repair.js';

/**
 * The operands of a batched product that TF.js would pair wrongly, each with the shape that it has to be stretched to. TF.js
 * counts through the matrices of each side and starts again at its end, which is right only where a side lacks leading batch
 * axes: of [2, 1, …] × [1, 3, …] it computes three of six products.
 */
export function wronglyPaired(a: tf.TensorInfo, b: tf.TensorInfo): Partial<Record<'a' | 'b', number[]>> {
  const batches = [a, b].map(({ shape }) => [...shape.slice(0, -2)]) as [number[], number[]];
  const batch = tf.backend_util.assertAndGetBroadcastShape(...batches);
  const stretch = ({ shape }: tf.TensorInfo): number[] | undefined => {
    const own = shape.slice(0, -2);
    const rest = own.slice(own.findIndex((size) => size !== 1));
    const isTail = own.every((size) => size === 1) || rest.join() === batch.slice(batch.length - rest.length).join();
    return isTail ? undefined : [...batch, ...shape.slice(-2)];
  };
  const [forA, forB] = [stretch(a), stretch(b)];
  return { ...(forA && { a: forA }), ...(forB && { b: forB }) };
}

export const batchMatMul =
  (original: Kernel): Kernel =>
  (call) => {
    const { inputs, backend } = call;
    const made = Object.entries(wronglyPaired(inputs.a as tf.TensorInfo, inputs.b as tf.TensorInfo)).map(
      ([side, shape]) => {
        const from = inputs[side] as tf.TensorInfo;
        const place = stretched(from.shape, shape);
        const whole = ownKernel(
          backend,
          shape,
          from.dtype,
          [from],
          ([values]) =>
            (index) =>
              values?.[place(index)] as number,
        );
        return [side, whole] as const;
      },
    );
    try {
      return original({ ...call, inputs: { ...inputs, ...Object.fromEntries(made) } });
    } finally {
      for (const [, whole] of made) backend.disposeData(whole.dataId);
    }
  };
