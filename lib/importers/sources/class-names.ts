import { weightNames } from '../keras/weight-names.js';
import type { Json } from './json.js';

export const modelClasses: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

const keras = /^(keras|keras_core|tf_keras|tensorflow\.(python\.)?keras)(\.|$)/;
const operations = /^(keras|keras_core)\.(src\.)?(ops|backend)(\.|$)/;

/** Whether Keras would need somebody's code to make it: it says so by a module or a registered name outside Keras. */
export function isCustom({ class_name: className, module, registered_name: registered }: Json): boolean {
  if (typeof registered === 'string' && registered !== className) return true;
  return typeof module === 'string' && module !== '' && !keras.test(module);
}

/** Layers whose own get_config leaves out `trainable`. */
const untrained = /^(InputLayer|Discretization|HashedCrossing|Pipeline|SpatialDropout[123]D)$/;

/**
 * Functions used as layers get the class `op:` and their name: `keras.ops.add` of Keras 3, and TensorFlow functions which
 * Keras 2 wraps (`TFOpLambda` of `tf.math.multiply`, `SlicingOpLambda`).
 */
export function operation({ module }: Json, className: string, config: Json, major: number): string {
  if (className === 'TFOpLambda' || className === 'SlicingOpLambda') {
    return `op:${String(config.function).split('.').at(-1)?.toLowerCase()}`;
  }
  // Its .h5 files have no module; there layers are known by `trainable`, which operations and a few layers don't have.
  const layer = (weightNames(className, config)?.weights.length ?? 0) > 0 || untrained.test(className);
  const bare = major >= 3 && module === undefined && !('trainable' in config) && !layer;
  if (!bare && (typeof module !== 'string' || !operations.test(module))) return className;
  const name = snakeCase(className);
  return `op:${name === 'get_item' ? 'getitem' : name}`;
}

/** As Keras names things after their class: `GlobalAveragePooling2D` → `global_average_pooling2d`. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
