import { ModeletError } from '../../core/errors.js';
import { type NdArray, ndArray } from './array.js';
import { glu, logSoftmax, softmax, sparsemax } from './axis-functions.js';
import { type ConfigReader, readConfig, wrongField } from './read-config.js';
import { scalarFunctions } from './scalar-functions.js';

type Activation = (x: NdArray, settings: ConfigReader, layerName: string) => NdArray;

/** Functions that look along an axis; in Keras each takes `axis`, the last unless told. */
const alongAxis = new Map<string, typeof softmax>([
  ['softmax', softmax],
  ['log_softmax', logSoftmax],
  ['sparsemax', sparsemax],
  ['glu', glu],
]);

/** Layers that stand for an activation (`Dense(activation=LeakyReLU(0.1))`), by class. Those with weights can't. */
const layersAsActivation: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['ReLU', (x, settings, name) => apply('relu', settings, x, name)],
  ['ELU', (x, settings, name) => apply('elu', settings, x, name)],
  ['Softmax', (x, settings, name) => apply('softmax', settings, x, name)],
  ['LeakyReLU', leakyReLU],
  ['ThresholdedReLU', thresholdedReLU],
]);

/**
 * Applies an activation as Keras' `activations.get` understands it.
 * @param activation null or undefined (linear), a name, or `{ class_name, config }` of a function or a layer with its settings
 * @returns an array without a mask, of x's shape (glu: half its last axis)
 * @throws ModeletError INVALID_INPUT for what Keras doesn't know
 */
export function activate(activation: unknown, x: NdArray, layerName: string): NdArray {
  const { name, config } = describe(activation, layerName);
  const settings = readConfig({ name: layerName, config });
  const layer = layersAsActivation.get(name);
  return layer === undefined ? apply(name, settings, x, layerName) : layer(x, settings, layerName);
}

function describe(activation: unknown, layerName: string): { name: string; config: Readonly<Record<string, unknown>> } {
  if (activation === null || activation === undefined) return { name: 'linear', config: {} };
  if (typeof activation === 'string') return { name: activation, config: {} };
  const { class_name: name, config } = activation as { class_name?: unknown; config?: unknown };
  if (typeof name !== 'string' || (config !== undefined && (typeof config !== 'object' || config === null))) {
    throw wrongField(layerName, 'activation', 'a name, or class_name and config', activation);
  }
  return { name, config: (config ?? {}) as Record<string, unknown> };
}

function apply(name: string, settings: ConfigReader, x: NdArray, layerName: string): NdArray {
  const scalar = scalarFunctions.get(name)?.(settings);
  if (scalar !== undefined) return ndArray(x.shape, x.data.map(scalar));
  const along = alongAxis.get(name);
  if (along === undefined) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layerName}': there is no evaluator for the activation ${name}; use one of Keras' own`,
    );
  }
  return along(x, settings.axes('axis', [-1]), layerName);
}

/** x above 0, else negative_slope · x; the layer's default differs from the function's. Called alpha in Keras 1 and 2. */
function leakyReLU(x: NdArray, settings: ConfigReader): NdArray {
  const slope = settings.number('negative_slope', settings.number('alpha', 0.3));
  return ndArray(
    x.shape,
    x.data.map((value) => (value > 0 ? value : slope * value)),
  );
}

/** x above theta, else 0 (Keras 1 and 2). */
function thresholdedReLU(x: NdArray, settings: ConfigReader): NdArray {
  const theta = settings.number('theta', 1);
  return ndArray(
    x.shape,
    x.data.map((value) => (value > theta ? value : 0)),
  );
}
