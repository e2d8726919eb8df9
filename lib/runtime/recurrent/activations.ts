import type { RecurrentActivation } from '../../core/recurrent-activations.js';
import type { SimdKernels } from './simd-kernels.js';

/** Applies an activation in place to `length` floats of the memory from `begin` on; both are multiples of 4. */
export type Activate = (begin: number, length: number) => void;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
// Math.min and Math.max hand NaN on.
const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
const hardSigmoid = (x: number) => clip(x + 3, 0, 6) / 6;
/** Keras' constants of selu. */
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** The activations in float64; `linear`, `sigmoid` and `tanh` have kernels of their own. Each hands NaN on. */
const activations: Readonly<Record<RecurrentActivation, (x: number) => number>> = {
  linear: (x) => x,
  sigmoid,
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => clip(x, 0, 6),
  leaky_relu: (x) => (x < 0 ? 0.2 * x : x),
  elu: (x) => (x < 0 ? Math.expm1(x) : x),
  celu: (x) => (x < 0 ? Math.expm1(x) : x),
  selu: (x) => seluScale * (x < 0 ? seluAlpha * Math.expm1(x) : x),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  exponential: Math.exp,
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  squareplus: (x) => (x + Math.sqrt(x * x + 4)) / 2,
  log_sigmoid: (x) => -softplus(-x),
  hard_sigmoid: hardSigmoid,
  hard_sigmoid_02: (x) => clip(0.2 * x + 0.5, 0, 1),
  hard_silu: (x) => x * hardSigmoid(x),
  hard_tanh: (x) => clip(x, -1, 1),
  tanh_shrink: (x) => x - Math.tanh(x),
  soft_shrink: (x) => (Math.abs(x) <= 0.5 ? 0 : x - 0.5 * Math.sign(x)),
  hard_shrink: (x) => (Math.abs(x) <= 0.5 ? 0 : x),
  sparse_plus: (x) => (x <= -1 ? 0 : x >= 1 ? x : (x + 1) ** 2 / 4),
  sparse_sigmoid: (x) => clip((x + 1) / 2, 0, 1),
};

/** An activation over a memory's floats. */
export function activateIn({ memory, sigmoid, tanh }: SimdKernels, name: RecurrentActivation): Activate {
  if (name === 'linear') return () => undefined;
  if (name === 'sigmoid') return (begin, length) => sigmoid(4 * begin, 4 * (begin + length));
  if (name === 'tanh') return (begin, length) => tanh(4 * begin, 4 * (begin + length));
  const compute = activations[name];
  return (begin, length) => {
    for (let at = begin; at < begin + length; at++) memory[at] = compute(memory[at] as number);
  };
}

/** The error function by its Taylor series; beyond 4 it is ±1 within 2e-8. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
