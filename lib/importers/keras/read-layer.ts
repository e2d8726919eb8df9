import * as v from 'valibot';
import { ModeletError } from '../../core/errors.js';
import type { Tensor } from '../../core/tensor.js';
import type { KerasLayer } from './keras-model.js';

/**
 * A layer's settings, held against a schema.
 * @throws INVALID_INPUT naming the layer and the first setting that is not supported
 */
export function readConfig<S extends v.GenericSchema>(layer: KerasLayer, schema: S): v.InferOutput<S> {
  const parsed = v.safeParse(schema, layer.config, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw refused(layer, `${v.getDotPath(issue) ?? 'its settings'}: ${issue.message}`);
}

/** A weight that the layer can't do without, of this rank. */
export function readWeight(layer: KerasLayer, name: string, rank: number): Tensor {
  const weight = layer.weights.get(name);
  if (weight?.shape.length === rank) return weight;
  const found = weight === undefined ? 'is missing' : `has ${weight.shape.length} dimensions`;
  throw refused(layer, `its weight '${name}' ${found}, a tensor of ${rank} dimensions is expected`);
}

/** INVALID_INPUT about a layer, by name and class. */
export function refused(layer: Pick<KerasLayer, 'name' | 'className'>, problem: string): ModeletError {
  return new ModeletError('INVALID_INPUT', `layer '${layer.name}' (${layer.className}) can't be imported: ${problem}`);
}
