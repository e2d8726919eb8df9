import type { ConfigReader } from './read-config.js';

type ScalarFunction = (x: number) => number;

const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
const sigmoid: ScalarFunction = (x) => 1 / (1 + Math.exp(-x));
/** log(exp(x) + 1), written so that it overflows on neither side. */
const softplus: ScalarFunction = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const hardSigmoid: ScalarFunction = (x) => clip(x + 3, 0, 6) / 6;
const elu = (x: number, alpha: number) => (x > 0 ? x : alpha * Math.expm1(x));
const gelu: ScalarFunction = (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
/** The usual approximation of gelu by tanh (Hendrycks et al., 2016). */
const geluTanh: ScalarFunction = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const silu: ScalarFunction = (x) => x * sigmoid(x);
const hardSilu: ScalarFunction = (x) => x * hardSigmoid(x);

/**
 * keras.activations.relu: x above the threshold, else 0, clipped to [0, max_value] where there is one; below the threshold
 * negative_slope × (x - threshold). An x equal to the threshold counts as below.
 */
function relu(settings: ConfigReader): ScalarFunction {
  const slope = settings.number('negative_slope', 0);
  const threshold = settings.number('threshold', 0);
  const highest = settings.has('max_value') ? settings.number('max_value') : undefined;
  return (x) => {
    const positive = x > threshold ? x : 0;
    const clipped = highest === undefined ? positive : clip(positive, 0, highest);
    return slope === 0 ? clipped : clipped - slope * Math.max(threshold - x, 0);
  };
}

/** Klambauer et al., 2017: the two constants that keep mean 0 and variance 1. */
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/**
 * The elementwise functions of keras.activations, by their names in Keras 3, each with its settings and Keras' defaults for
 * them. `hard_sigmoid_02` is that of Keras 1 and 2 (see keras-model.ts); `gelu_new` is a name of TF.js.
 */
export const scalarFunctions: ReadonlyMap<string, (settings: ConfigReader) => ScalarFunction> = new Map(
  Object.entries({
    linear: () => (x) => x,
    relu,
    relu6: () => (x) => clip(x, 0, 6),
    leaky_relu: (settings) => {
      const slope = settings.number('negative_slope', 0.2);
      return (x) => (x > 0 ? x : slope * x);
    },
    elu: (settings) => {
      const alpha = settings.number('alpha', 1);
      return (x) => elu(x, alpha);
    },
    selu: () => (x) => seluScale * elu(x, seluAlpha),
    celu: (settings) => {
      const alpha = settings.number('alpha', 1);
      return (x) => Math.max(x, 0) + alpha * Math.expm1(Math.min(x, 0) / alpha);
    },
    gelu: (settings) => (settings.flag('approximate', false) ? geluTanh : gelu),
    gelu_new: () => geluTanh,
    silu: () => silu,
    swish: () => silu,
    hard_silu: () => hardSilu,
    hard_swish: () => hardSilu,
    sigmoid: () => sigmoid,
    hard_sigmoid: () => hardSigmoid,
    hard_sigmoid_02: () => (x) => clip(0.2 * x + 0.5, 0, 1),
    log_sigmoid: () => (x) => -softplus(-x),
    sparse_sigmoid: () => (x) => clip(0.5 * (x + 1), 0, 1),
    tanh: () => Math.tanh,
    hard_tanh: () => (x) => clip(x, -1, 1),
    tanh_shrink: () => (x) => x - Math.tanh(x),
    soft_shrink: (settings) => {
      const threshold = settings.number('threshold', 0.5);
      return (x) => (x > threshold ? x - threshold : x < -threshold ? x + threshold : 0);
    },
    hard_shrink: (settings) => {
      const threshold = settings.number('threshold', 0.5);
      return (x) => (Math.abs(x) > threshold ? x : 0);
    },
    threshold: (settings) => {
      const [threshold, otherwise] = [settings.number('threshold'), settings.number('default_value')];
      return (x) => (x > threshold ? x : otherwise);
    },
    softplus: () => softplus,
    sparse_plus: () => (x) => (x <= -1 ? 0 : x < 1 ? (x + 1) ** 2 / 4 : x),
    squareplus: (settings) => {
      const b = settings.number('b', 4);
      return (x) => (x + Math.sqrt(x * x + b)) / 2;
    },
    softsign: () => (x) => x / (Math.abs(x) + 1),
    exponential: () => Math.exp,
    mish: () => (x) => x * Math.tanh(softplus(x)),
  } satisfies Record<string, (settings: ConfigReader) => ScalarFunction>),
);

/**
 * The error function to full float64 precision: 2/√π · e^(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5…(2n+1)), whose terms all have one sign
 * (Abramowitz and Stegun 7.1.6). Beyond ±6 it is ±1 to 17 digits.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
