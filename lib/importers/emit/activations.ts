import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { cast, unary } from '../graph/ops/elementwise.js';
import { logSoftmax, softmax } from '../graph/ops/softmax.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { refused } from '../keras/read-layer.js';
import * as curves from './curves.js';
import { numberSetting, optionalNumber, type Settings, settingsOf } from './settings.js';
import * as shrinks from './shrinks.js';
import { sparsemax } from './sparsemax.js';

/** @throws RangeError about a setting */
type Activation = (graph: GraphBuilder, x: GraphValue, settings: Settings) => GraphValue;

/** Keras' name → its nodes. Settings are what the function takes beside x, by Keras 3's names. */
const activations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  [
    'relu',
    (graph, x, settings) =>
      curves.relu(graph, x, {
        negativeSlope: numberSetting(settings, 'negative_slope', 0),
        maxValue: optionalNumber(settings, 'max_value'),
        threshold: numberSetting(settings, 'threshold', 0),
      }),
  ],
  ['relu6', (graph, x) => unary(graph, 'Relu6', x)],
  ['leaky_relu', (graph, x, settings) => curves.leakyRelu(graph, x, numberSetting(settings, 'negative_slope', 0.2))],
  ['elu', (graph, x, settings) => curves.elu(graph, x, numberSetting(settings, 'alpha', 1))],
  ['selu', (graph, x) => unary(graph, 'Selu', x)],
  ['celu', (graph, x, settings) => curves.celu(graph, x, numberSetting(settings, 'alpha', 1))],
  // TF.js' name of the approximation.
  ['gelu_new', (graph, x) => curves.geluByTanh(graph, x)],
  ['gelu', (graph, x, { approximate }) => (approximate === true ? curves.geluByTanh(graph, x) : curves.gelu(graph, x))],
  ['silu', curves.silu],
  ['swish', curves.silu],
  ['hard_silu', curves.hardSilu],
  ['hard_swish', curves.hardSilu],
  ['mish', curves.mish],
  ['glu', (graph, x, settings) => curves.glu(graph, x, numberSetting(settings, 'axis', -1))],
  ['sigmoid', (graph, x) => unary(graph, 'Sigmoid', x)],
  ['hard_sigmoid', curves.hardSigmoid],
  ['hard_sigmoid_02', curves.hardSigmoid02],
  ['log_sigmoid', curves.logSigmoid],
  ['sparse_sigmoid', shrinks.sparseSigmoid],
  ['tanh', (graph, x) => unary(graph, 'Tanh', x)],
  ['hard_tanh', (graph, x) => shrinks.clip(graph, x, -1, 1)],
  ['tanh_shrink', shrinks.tanhShrink],
  ['softsign', curves.softsign],
  ['softplus', (graph, x) => unary(graph, 'Softplus', x)],
  ['squareplus', (graph, x, settings) => curves.squareplus(graph, x, numberSetting(settings, 'b', 4))],
  ['sparse_plus', shrinks.sparsePlus],
  ['soft_shrink', (graph, x, settings) => shrinks.softShrink(graph, x, numberSetting(settings, 'threshold', 0.5))],
  ['hard_shrink', (graph, x, settings) => shrinks.hardShrink(graph, x, numberSetting(settings, 'threshold', 0.5))],
  [
    'threshold',
    (graph, x, settings) =>
      shrinks.threshold(graph, x, numberSetting(settings, 'threshold'), numberSetting(settings, 'default_value')),
  ],
  ['thresholded_relu', (graph, x, settings) => shrinks.threshold(graph, x, numberSetting(settings, 'theta', 1), 0)],
  ['exponential', (graph, x) => unary(graph, 'Exp', x)],
  ['softmax', (graph, x, settings) => softmax(graph, x, [numberSetting(settings, 'axis', -1)])],
  ['sparsemax', (graph, x, settings) => sparsemax(graph, x, numberSetting(settings, 'axis', -1))],
  ['log_softmax', (graph, x, settings) => logSoftmax(graph, x, [numberSetting(settings, 'axis', -1)])],
]);

/** Layers that can stand where an activation does: class name → the function, and the defaults it has as a layer. */
const layers: Readonly<Record<string, readonly [name: string, defaults: Settings]>> = {
  ReLU: ['relu', {}],
  LeakyReLU: ['leaky_relu', { negative_slope: 0.3 }],
  ELU: ['elu', {}],
  Softmax: ['softmax', {}],
  ThresholdedReLU: ['thresholded_relu', {}],
};

/**
 * Adds an activation's nodes.
 * @param activation its name, or `{ class_name, config }` for one with settings; as in KerasLayer.config. None is linear
 * @throws INVALID_INPUT when there is no such activation
 */
export function emitActivation(graph: GraphBuilder, activation: unknown, x: GraphValue, layer: KerasLayer): GraphValue {
  if (activation === undefined || activation === null || activation === 'linear') return x;
  const given = typeof activation === 'string' ? { class_name: activation, config: {} } : settingsOf(activation);
  const className = String(given.class_name);
  if (className === 'Activation') return emitActivation(graph, settingsOf(given.config).activation, x, layer);
  const [name, defaults] = (Object.hasOwn(layers, className) ? layers[className] : undefined) ?? [className, {}];
  const emit = activations.get(name);
  if (emit === undefined) throw refused(layer, `activation '${className}' is not known`);
  // What the files of Keras 1 and 2 call the slope of a LeakyReLU.
  const { alpha: negative_slope, ...others } = settingsOf(given.config);
  const settings = name === 'leaky_relu' && negative_slope !== undefined ? { negative_slope, ...others } : given.config;
  return emit(graph, cast(graph, x, 'FP32'), { ...defaults, ...settingsOf(settings) });
}

/** Keras' names of all activations. */
export const activationNames: readonly string[] = [...activations.keys()];
