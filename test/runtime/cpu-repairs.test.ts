import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { load } from './engine.contract.js';

const backends = ['wasm', 'cpu'];

beforeAll(async () => {
  for (const backend of backends) (await load(backend)).model.dispose();
});

function run(backend: string, kernel: string, inputs: Record<string, tf.Tensor>, attrs: object) {
  void tf.setBackend(backend);
  return [tf.engine().runKernel(kernel, inputs, attrs as tf.NamedAttrMap) as tf.Tensor]
    .flat()
    .map(({ dtype, shape }, at, all) => ({
      dtype,
      shape,
      values: [...((all[at] as tf.Tensor).dataSync() ?? [])],
    }));
}

test.each(backends)('TopK on %s takes the first of equal numbers', (backend) => {
  const x = tf.tensor2d([1, 3, 3, 2, 3, 0, 5, 5, 5, 5, 5, 5], [2, 6]);
  const [values, places] = run(backend, 'TopK', { x }, { k: 4, sorted: true });
  expect(values).toEqual({ dtype: 'float32', shape: [2, 4], values: [3, 3, 3, 2, 5, 5, 5, 5] });
  expect(places).toEqual({ dtype: 'int32', shape: [2, 4], values: [1, 2, 4, 3, 0, 1, 2, 3] });
});

test.each(backends)('StridedSlice on %s drops some axes and steps through others: x[1, ::2, 0]', (backend) => {
  const x = tf.tensor(
    Float32Array.from({ length: 30 }, (_, index) => index),
    [2, 5, 3],
  );
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 5 };
  const attrs = { begin: [1, 0, 0], end: [2, 5, 1], strides: [1, 2, 1], ...masks };
  expect(run(backend, 'StridedSlice', { x }, attrs)).toEqual([{ dtype: 'float32', shape: [3], values: [15, 21, 27] }]);
});

test.each(backends)('FloorDiv on %s keeps floats floats', (backend) => {
  const inputs = { a: tf.tensor1d([7, -7, 2 ** 35]), b: tf.scalar(2) };
  expect(run(backend, 'FloorDiv', inputs, {})).toEqual([{ dtype: 'float32', shape: [3], values: [3, -4, 2 ** 34] }]);
});
