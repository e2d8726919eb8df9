import { expect, test } from '@jest/globals';
import { recurrentActivations } from '../../../lib/core/recurrent-activations.js';
import { activateIn } from '../../../lib/runtime/recurrent/activations.js';
import { createSimdKernels } from '../../../lib/runtime/recurrent/simd-kernels.js';

/** From Keras' definitions, worked out elsewhere: the values at −2.5, −0.4, 0.3 and 3.5. */
const expected: Record<(typeof recurrentActivations)[number], readonly number[]> = {
  linear: [-2.5, -0.4, 0.3, 3.5],
  sigmoid: [0.07585818, 0.40131234, 0.57444252, 0.97068777],
  tanh: [-0.9866143, -0.37994896, 0.29131261, 0.9981779],
  relu: [0.0, 0.0, 0.3, 3.5],
  relu6: [0.0, 0.0, 0.3, 3.5],
  leaky_relu: [-0.5, -0.08, 0.3, 3.5],
  elu: [-0.917915, -0.32967995, 0.3, 3.5],
  celu: [-0.917915, -0.32967995, 0.3, 3.5],
  selu: [-1.61378576, -0.57961011, 0.3152103, 3.67745346],
  gelu: [-0.01552416, -0.1378313, 0.18537343, 3.4991858],
  silu: [-0.18964545, -0.16052494, 0.17233276, 3.39740719],
  mish: [-0.1968162, -0.18891648, 0.20800137, 3.49399072],
  exponential: [0.082085, 0.67032005, 1.34985881, 33.11545196],
  softplus: [0.07888973, 0.51301525, 0.85435524, 3.52975042],
  softsign: [-0.71428571, -0.28571429, 0.23076923, 0.77777778],
  squareplus: [0.35078106, 0.8198039, 1.16118742, 3.76556444],
  log_sigmoid: [-2.57888973, -0.91301525, -0.55435524, -0.02975042],
  hard_sigmoid: [0.08333333, 0.43333333, 0.55, 1.0],
  hard_sigmoid_02: [0.0, 0.42, 0.56, 1.0],
  hard_silu: [-0.20833333, -0.17333333, 0.165, 3.5],
  hard_tanh: [-1.0, -0.4, 0.3, 1.0],
  tanh_shrink: [-1.5133857, -0.02005104, 0.00868739, 2.5018221],
  soft_shrink: [-2.0, 0.0, 0.0, 3.0],
  hard_shrink: [-2.5, 0.0, 0.0, 3.5],
  sparse_plus: [0.0, 0.09, 0.4225, 3.5],
  sparse_sigmoid: [0.0, 0.3, 0.65, 1.0],
};

const points = [-2.5, -0.4, 0.3, 3.5];

test.each(recurrentActivations)('%s is Keras’, and hands NaN on', (name) => {
  const kernels = createSimdKernels(64);
  kernels.memory.set([...points, Number.NaN, 0, 0, 0], 4);
  activateIn(kernels, name)(4, 8);
  for (const [index, value] of expected[name].entries()) expect(kernels.memory[4 + index]).toBeCloseTo(value, 6);
  expect(kernels.memory[8]).toBeNaN();
  // Neighbours are left alone.
  expect([...kernels.memory.slice(0, 4)]).toEqual([0, 0, 0, 0]);
});
